# frozen_string_literal: true

require_relative "../ruby/devise"

# What the module needs of Rails, so that it runs without.
module I18n
  def self.locale = :ja
end

class String
  def present? = !strip.empty?
end

# A model as Devise's are.
class User
  attr_reader :password, :email, :errors

  class << self
    attr_reader :rule

    def validate(name, if:) = @rule = [name, binding.local_variable_get(:if)]
  end

  include NotExposed

  def initialize(password)
    @password = password
    @email = "hanako@example.jp"
    @errors = Errors.new([])
  end

  Errors = Struct.new(:all) do
    def add(_field, message) = all << message
  end

  def new_record? = true

  def check
    name, condition = self.class.rule
    send(name) if instance_exec(&condition)
    errors.all
  end
end

NotExposed.sidecar = Sidecar.new(ENV.fetch("SIDECAR"), on_error: ENV.fetch("ON_ERROR").to_sym)
JSON.parse($stdin.read).each do |password|
  messages = User.new(password).check
  puts messages.empty? ? "accepted" : "refused: #{messages.join(" ")}"
rescue Sidecar::Unavailable
  puts "error"
end
puts NotExposed.sidecar.attempt(source: "203.0.113.7", account: "hanako", outcome: "failed", password: "iloveyou")
