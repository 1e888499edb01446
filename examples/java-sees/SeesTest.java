import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The suite, with a runner of its own: each method that begins with "test" is a test, and a failure is an AssertionError.
 *
 * <p>The devices are `fps-emulator`, which stands for a phone; ExpressPlay is `expressplay-mock`, driven over HTTP.
 */
public class SeesTest {
    static final String BIN = System.getProperty("bin", "../../.venv/bin");
    final HttpClient http = HttpClient.newHttpClient();
    String mock;
    String sees;

    // The tests.

    void testTheRegisteredDevicePlaysAndAnotherDoesNot() throws Exception {
        check(phone("bind", "A", "alice").status == 0, "device A registers and plays");
        Ended other = phone("play", "B", "alice");
        check(other.status == 1 && other.text.contains("-9003"), "device B is refused with -9003", other.text);
        check(phone("play", "A", "alice").status == 0, "device A goes on playing");
    }

    void testNobodyPlaysWithoutRegistration() throws Exception {
        Ended play = phone("play", "A", "nobody");
        check(play.status == 1 && play.text.contains("play the trailer"), "the viewer is told to register", play.text);
    }

    void testWhoRegistersANewPhoneMovesThere() throws Exception {
        phone("register", "old phone", "bob");
        phone("register", "new phone", "bob");
        check(phone("play", "new phone", "bob").status == 0, "the new phone plays");
        check(phone("play", "old phone", "bob").text.contains("-9003"), "the old phone does not");
    }

    void testTokensNameTheDeviceAndLiveForFiveMinutes() throws Exception {
        phone("bind", "A", "carol");
        List<?> entries = (List<?>) json(get(mock + "/_sim/journal")).get("entries");
        Map<?, ?> bound = null;
        for (Object each : entries) {
            if (each instanceof Map<?, ?> entry && Long.valueOf(9).equals(entry.get("step"))) {
                bound = (Map<?, ?>) entry.get("request");
            }
        }
        check(bound != null && bound.get("deviceId") instanceof String, "the token request names a device");
        check("+300".equals(bound.get("expirationTime")), "it asks for five minutes");
    }

    void testARefusalOfExpressPlayIsADenial() throws Exception {
        post(mock + "/_sim/faults", "{\"fault\": \"refuse\", \"at\": \"token\", \"code\": -2031, \"cookie\": \"dave\"}");
        Map<String, Object> answer = ask(2, Sees.TRAILER, "dave");
        check(Boolean.FALSE.equals(answer.get("isAllowed")), "registration is denied", answer);
        check(!answer.toString().contains(System.getProperty("authenticator", "none")), "without telling a secret");
    }

    void testALongCookieIsDenied() throws Exception {
        check(Boolean.FALSE.equals(ask(2, Sees.TRAILER, "x".repeat(33)).get("isAllowed")), "33 characters are too many");
        check(Boolean.TRUE.equals(ask(2, Sees.TRAILER, "\uD83D\uDCFA".repeat(32)).get("isAllowed")), "32 emoji are not");
    }

    // What they work with.

    record Ended(int status, String text) {}

    /** Run `fps-emulator` as a device with this name. */
    Ended phone(String command, String device, String cookie) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(BIN + "/fps-emulator", command, "--sees", sees, "--expressplay", mock,
                "--device", device, "--cookie", cookie));
        if (!command.equals("play")) {
            arguments.addAll(List.of("--dummy", Sees.TRAILER));
        }
        if (!command.equals("register")) {
            arguments.addAll(List.of("--content", Sees.MOVIE));
        }
        Process process = new ProcessBuilder(arguments).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), text);
    }

    Map<String, Object> ask(int type, String content, String cookie) throws Exception {
        return json(post(sees + "/sees/SEESServlet", "{\"messageID\": \"m1\", \"version\": 1, \"requestType\": " + type
                + ", \"contentID\": \"" + content + "\", \"customerCookie\": \"" + cookie + "\"}"));
    }

    byte[] post(String url, String body) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(url)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofByteArray()).body();
    }

    byte[] get(String url) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofByteArray()).body();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> json(byte[] body) {
        return (Map<String, Object>) Json.read(body);
    }

    static void check(boolean holds, String what, Object... found) {
        if (!holds) {
            throw new AssertionError(what + (found.length > 0 ? ", found " + found[0] : ""));
        }
    }

    /** Start a mock and the SEES on it, run every test, and end both. Status 1 if a test failed. */
    public static void main(String[] arguments) throws Exception {
        Process process = new ProcessBuilder(BIN + "/expressplay-mock", "serve", "--port", "0", "--database", ":memory:",
                "--until-stdin-closes").redirectError(ProcessBuilder.Redirect.to(new File("mock.log"))).start();
        int failed = 0;
        try {
            Map<String, Object> ready = json(process.inputReader().readLine().getBytes(StandardCharsets.UTF_8));
            SeesTest suite = new SeesTest();
            suite.mock = (String) ready.get("url");
            Sees sees = new Sees(suite.mock, (String) ready.get("authenticator"));
            System.setProperty("authenticator", (String) ready.get("authenticator"));
            suite.sees = "http://127.0.0.1:" + sees.start(0);
            for (var test : SeesTest.class.getDeclaredMethods()) {
                if (!test.getName().startsWith("test")) {
                    continue;
                }
                try {
                    test.invoke(suite);
                    System.out.println("passed  " + test.getName());
                } catch (java.lang.reflect.InvocationTargetException wrapped) {
                    failed++;
                    System.out.println("FAILED  " + test.getName() + ": " + wrapped.getCause());
                }
            }
            sees.stop();
        } finally {
            process.destroy();
        }
        System.out.println(failed == 0 ? "all passed" : failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
