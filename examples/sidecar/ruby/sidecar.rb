# frozen_string_literal: true

require "json"
require "net/http"
require "socket"

# Asks `breachdex sidecar`.
class Sidecar
  # The sidecar does not answer, and on_error is raise.
  class Unavailable < StandardError; end

  # HTTP over a Unix socket.
  class UnixHTTP < Net::HTTP
    attr_accessor :path_of_socket

    def connect
      socket = UNIXSocket.new(path_of_socket)
      @socket = Net::BufferedIO.new(socket, read_timeout: @read_timeout, write_timeout: @write_timeout)
    end
  end

  # address is unix:/run/breachdex/sidecar.sock or http://127.0.0.1:8070; on_error is :accept, :reject or :raise.
  def initialize(address, on_error: :raise, timeout: 2)
    raise ArgumentError, "on_error is :accept, :reject or :raise" unless %i[accept reject raise].include?(on_error)

    @address, @on_error, @timeout = address, on_error, timeout
  end

  # May this password be used? Returns "accepted", "action", "reasons" and "messages".
  def verdict(event, password, **more)
    post("/v1/verdict", { event:, password:, **more }) || {
      "accepted" => @on_error == :accept, "action" => @on_error.to_s, "reasons" => [],
      "messages" => @on_error == :accept ? [] : ["The password cannot be checked now. Please try again later."]
    }
  end

  # Tells the radar of a log-in attempt. Returns "allow", "delay", "challenge" or "deny".
  def attempt(**attempt)
    # Nobody is locked out because the radar does not answer.
    post("/v1/attempt", attempt, always: true)&.dig("radar", "advice") || "allow"
  end

  private

  # The answer; nil if there is none and that is to be passed over.
  def post(path, body, always: false)
    answer = http.start { |http| http.post(path, JSON.generate(body), "Content-Type" => "application/json") }
    return JSON.parse(answer.body) if answer.code == "200"
    # A fault of this program: it is raised whatever on_error says.
    raise ArgumentError, "the sidecar refused the request: #{answer.body}" if answer.code.to_i < 500

    raise Unavailable, "the sidecar does not answer: status #{answer.code}" if @on_error == :raise && !always
  rescue SystemCallError, IOError, Timeout::Error => e
    raise Unavailable, "the sidecar does not answer: #{e.class}" if @on_error == :raise && !always
  end

  def http
    if @address.start_with?("unix:")
      http = UnixHTTP.new("localhost", nil, nil)
      http.path_of_socket = @address.delete_prefix("unix:")
    else
      uri = URI(@address)
      http = Net::HTTP.new(uri.host, uri.port, nil)
    end
    http.open_timeout = http.read_timeout = http.write_timeout = @timeout
    http.max_retries = 0
    http
  end
end
