# frozen_string_literal: true

require_relative "sidecar"

# For a model of Devise: `include NotExposed` beside `devise :database_authenticatable, :registerable, :validatable`.
#
# In an initializer: NotExposed.sidecar = Sidecar.new("unix:/run/breachdex/sidecar.sock", on_error: :raise)
module NotExposed
  class << self
    attr_accessor :sidecar
  end

  def self.included(model)
    model.validate :password_is_not_exposed, if: -> { password.present? }
  end

  private

  def password_is_not_exposed
    event = new_record? ? "sign_up" : "change"
    verdict = NotExposed.sidecar.verdict(event, password, email: email, lang: I18n.locale.to_s)
    return if verdict["accepted"]

    verdict["messages"].each { |message| errors.add(:password, message) }
  end
end
