# Doorkeeper in a Rails application of one file: ruby provider.rb PORT, with the scopes in SCOPES.
require 'action_controller/railtie'
require 'active_record'
require 'doorkeeper'
require 'puma'
require 'rack/handler/puma'

port = Integer(ARGV.fetch(0))
scopes = ENV.fetch('SCOPES').split

class Provider < Rails::Application
  config.root = __dir__
  config.eager_load = false
  config.hosts.clear
  config.logger = Logger.new($stdout)
  config.secret_key_base = 'a secret for tests that is long enough'
  routes.append do
    use_doorkeeper
    get '/up', to: ->(_) { [200, {}, ['up']] }
  end
end

Doorkeeper.configure do
  orm :active_record
  resource_owner_authenticator { head :forbidden }
  grant_flows %w[client_credentials]
  enforce_configured_scopes
  optional_scopes(*scopes)
  custom_access_token_expires_in { |context| context.client.name == 'short' ? 5 : 3600 }
  # By default only the client that got a token may introspect it.
  allow_token_introspection { |_token, client, _| client&.name == 'journal' }
end

ActiveRecord::Base.establish_connection(adapter: 'sqlite3', database: ':memory:', pool: 1)
Provider.initialize!
ActiveRecord::Schema.define do
  create_table :oauth_applications do |table|
    table.string :name, null: false
    table.string :uid, null: false, index: { unique: true }
    table.string :secret, null: false
    table.text :redirect_uri
    table.string :scopes, null: false, default: ''
    table.boolean :confidential, null: false, default: true
    table.timestamps null: false
  end
  create_table :oauth_access_tokens do |table|
    table.integer :resource_owner_id
    table.integer :application_id
    table.string :token, null: false, index: { unique: true }
    table.string :refresh_token
    table.string :previous_refresh_token, null: false, default: ''
    table.integer :expires_in
    table.datetime :revoked_at
    table.datetime :created_at, null: false
    table.string :scopes
  end
end
%w[journal caller short].each do |name|
  Doorkeeper::Application.create!(name: name, uid: name, secret: "#{name}-secret", scopes: scopes.join(' '),
                                  redirect_uri: 'https://app.example/callback')
end
# The database is in memory, so its only connection passes to the thread of the server.
ActiveRecord::Base.clear_active_connections!
Rack::Handler::Puma.run(Provider, Host: '127.0.0.1', Port: port, Threads: '1:1', Silent: true)
