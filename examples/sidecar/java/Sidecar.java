import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Asks `breachdex sidecar` on a loopback address: the client of the JDK knows no Unix sockets. */
public final class Sidecar {
    public enum OnError { ACCEPT, REJECT, RAISE }

    public record Verdict(boolean accepted, List<String> messages) {}

    private static final Pattern STRING = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Pattern ADVICE = Pattern.compile("\"advice\":\"([a-z]+)\"");
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).proxy(HttpClient.Builder.NO_PROXY).build();
    private final String address;
    private final OnError onError;

    public Sidecar(String address, OnError onError) {
        this.address = address;
        this.onError = onError;
    }

    /** May this password be used? asked has event and password, and may have user_name, email and lang. */
    public Verdict verdict(Map<String, String> asked) throws IOException, InterruptedException {
        try {
            String answer = post("/v1/verdict", asked);
            String messages = answer.substring(answer.indexOf("\"messages\":["));
            List<String> texts = STRING.matcher(messages.substring(11)).results().map(Sidecar::unescape).toList();
            return new Verdict(answer.contains("\"accepted\":true,"), texts);
        } catch (IOException fault) {
            return switch (onError) {
                case ACCEPT -> new Verdict(true, List.of());
                case REJECT -> new Verdict(false, List.of("The password cannot be checked now. Please try again later."));
                case RAISE -> throw fault;
            };
        }
    }

    /** Tells the radar of a log-in attempt. Returns allow, delay, challenge or deny. */
    public String attempt(Map<String, String> attempt) throws InterruptedException {
        try {
            return ADVICE.matcher(post("/v1/attempt", attempt)).results().findFirst().orElseThrow().group(1);
        } catch (IOException fault) {
            return "allow"; // Nobody is locked out because the radar does not answer.
        }
    }

    private String post(String path, Map<String, String> asked) throws IOException, InterruptedException {
        String body = asked.entrySet().stream().map(field -> escape(field.getKey()) + ":" + escape(field.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(address + path)).timeout(TIMEOUT)
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 500) throw new IOException("the sidecar does not answer: status " + answer.statusCode());
        // A fault of this program, whatever onError says.
        if (answer.statusCode() != 200) throw new IllegalArgumentException("the sidecar refused: " + answer.body());
        return answer.body();
    }

    private static String escape(String text) {
        return text.codePoints().mapToObj(c -> c < 0x20 || c == '"' || c == '\\' ? String.format("\\u%04x", c) : Character.toString(c))
                .collect(Collectors.joining("", "\"", "\""));
    }

    private static String unescape(MatchResult string) {
        return string.group(1).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
    }
}
