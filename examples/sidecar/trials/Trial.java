import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Reads passwords, one a line, with JSON's escapes taken out by the runner. */
public final class Trial {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var onError = Sidecar.OnError.valueOf(System.getenv("ON_ERROR").toUpperCase());
        var sidecar = new Sidecar(System.getenv("SIDECAR"), onError);
        String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        for (String password : input.lines().toList()) {
            try {
                var verdict = sidecar.verdict(Map.of("event", "sign_up", "password", password, "lang", "ja"));
                out.println(verdict.accepted() ? "accepted" : "refused: " + String.join(" ", verdict.messages()));
            } catch (IOException fault) {
                out.println("error");
            }
        }
        out.println(sidecar.attempt(Map.of(
                "source", "203.0.113.7", "account", "hanako", "outcome", "failed", "password", "iloveyou")));
    }
}
