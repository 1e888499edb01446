import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

/**
 * A small SEES of its own design: the JDK's HTTP server and client, a JSON reader of sixty lines, and three rules as data.
 *
 * <p>It stands for your entitlement server. What makes it testable is one habit: ExpressPlay's address and the customer
 * authenticator are settings (EXPRESSPLAY_URL, EXPRESSPLAY_AUTHENTICATOR), not constants.
 */
public class Sees {
    static final int LIMIT = 64 * 1024;
    static final int MAX_COOKIE = 32;
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** What a content id stands for; a real server asks its key database. */
    record Content(String key, String iv, boolean dummy) {}

    static final String TRAILER = "5a1e0000-0000-4000-8000-00000000000a";
    static final String MOVIE = "5a1e0000-0000-4000-8000-00000000000b";
    static final Map<String, Content> CONTENTS = Map.of(
            TRAILER, new Content("8c6ff1d5b20e4a7793d4e60b1c5fa832", "00112233445566778899aabbccddeeff", true),
            MOVIE, new Content("e4907b3fa1c852d60fbb92647cd31e58", "ffeeddccbbaa99887766554433221100", false));

    /** No entitlement. The text goes to the client, so it never holds what ExpressPlay was asked. */
    static class No extends Exception {
        final boolean malformed;

        No(String why) {
            this(why, false);
        }

        No(String why, boolean malformed) {
            super(why);
            this.malformed = malformed;
        }
    }

    final String expressPlay;
    final String authenticator;
    final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    HttpServer server;

    Sees(String expressPlay, String authenticator) {
        this.expressPlay = expressPlay;
        this.authenticator = authenticator;
    }

    /** Serve on a port of the loopback interface (0: a free one), and return it. */
    int start(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", this::answer);
        server.start();
        return server.getAddress().getPort();
    }

    void stop() {
        server.stop(0);
    }

    void answer(HttpExchange exchange) throws IOException {
        Map<String, Object> request = Map.of();
        int status = 200;
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            if (!exchange.getRequestURI().getPath().equals("/sees/SEESServlet")) {
                status = 404;
                throw new No("POST to /sees/SEESServlet");
            }
            if (!exchange.getRequestMethod().equals("POST")) {
                status = 405;
                throw new No("POST");
            }
            request = read(exchange.getRequestBody().readNBytes(LIMIT + 1));
            String url = entitle(request);
            answer.put("isAllowed", true);
            answer.put("epTokenURL", url);
        } catch (No no) {
            status = status == 200 && no.malformed ? 400 : status;
            answer.put("isAllowed", false);
            answer.put("epTokenURL", "");
            answer.put("error", 100);
            answer.put("errorText", no.getMessage());
        }
        answer.put("messageID", request.get("messageID") instanceof String id ? id : "");
        answer.put("version", 1L);
        byte[] body = Json.write(answer).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, exchange.getRequestMethod().equals("HEAD") ? -1 : body.length);
        try (exchange; var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    /** Read the request object: each property of its type, the required ones there. */
    static Map<String, Object> read(byte[] body) throws No {
        if (body.length > LIMIT) {
            throw new No("too long", true);
        }
        if (!(Json.read(body) instanceof Map<?, ?> read)) {
            throw new No("no JSON object", true);
        }
        Map<String, Object> request = new LinkedHashMap<>();
        read.forEach((name, value) -> request.put((String) name, value));
        Map<String, Class<?>> types = Map.of("messageID", String.class, "version", Long.class, "requestType", Long.class,
                "contentID", String.class, "customerCookie", String.class);
        for (var type : types.entrySet()) {
            boolean there = request.containsKey(type.getKey());
            boolean required = List.of("messageID", "version", "contentID").contains(type.getKey());
            if (there ? !type.getValue().isInstance(request.get(type.getKey())) : required) {
                throw new No("missing or of another type: " + type.getKey(), true);
            }
        }
        return request;
    }

    /** Return the token URL for a request. */
    String entitle(Map<String, Object> request) throws No {
        Content content = CONTENTS.get((String) request.get("contentID"));
        String cookie = (String) request.getOrDefault("customerCookie", "");
        if (content == null) {
            throw new No("unknown content");
        }
        if (cookie.codePointCount(0, cookie.length()) > MAX_COOKIE) {
            throw new No("the cookie is too long");
        }
        long type = (Long) request.getOrDefault("requestType", 1L);
        if (type == 2 && !cookie.isEmpty() && content.dummy) {
            return token(content, Map.of("cookie", cookie));
        }
        if (type == 3 && !cookie.isEmpty() && !content.dummy) {
            return token(content, Map.of("cookie", cookieOfPlays(cookie), "deviceId", device(cookie)));
        }
        throw new No("this server registers with the trailer and sells device-bound entitlements");
    }

    /** The cookie of bound tokens. Were it the customer's own, plays would hide the registration in the log. */
    static String cookieOfPlays(String cookie) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(("play " + cookie).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The device of a cookie: that of the newest registration. */
    String device(String cookie) throws No {
        String question = form(Map.of("customerAuthenticator", authenticator, "cookie", cookie));
        HttpRequest ask = HttpRequest.newBuilder(URI.create(expressPlay + "/cmiapi/getrecord/?" + question)).timeout(PATIENCE).build();
        if (Json.read(call(ask)) instanceof Map<?, ?> answer && answer.get("records") instanceof List<?> records) {
            for (Object each : records) {
                if (each instanceof Map<?, ?> row && cookie.equals(row.get("cookie")) && Boolean.TRUE.equals(row.get("registration"))
                        && Long.valueOf(0).equals(row.get("result")) && row.get("device_id") instanceof String device) {
                    return device;
                }
            }
            throw new No("register this device first: play the trailer");
        }
        throw new No("ExpressPlay's records cannot be read");
    }

    /** Have ExpressPlay make a token, good for five minutes, and return its URL. */
    String token(Content content, Map<String, String> restrictions) throws No {
        Map<String, String> asked = new LinkedHashMap<>(restrictions);
        asked.put("customerAuthenticator", authenticator);
        asked.put("errorFormat", "json");
        asked.put("contentKey", content.key);
        asked.put("iv", content.iv);
        asked.put("expirationTime", "+300");
        HttpRequest ask = HttpRequest.newBuilder(URI.create(expressPlay + "/hms/fp/token")).timeout(PATIENCE)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form(asked))).build();
        String url = new String(call(ask), StandardCharsets.UTF_8).strip();
        if (!url.matches("https?://[^\\s?]+\\?ExpressPlayToken=[A-Za-z0-9_=-]+")) {
            throw new No("ExpressPlay gave no token URL");
        }
        return url;
    }

    byte[] call(HttpRequest ask) throws No {
        try {
            // As a whole: the request's own timeout ends with the head of the answer.
            HttpResponse<byte[]> answer = http.sendAsync(ask, HttpResponse.BodyHandlers.ofByteArray())
                    .get(PATIENCE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
            if (answer.statusCode() != 200) {
                throw new No("ExpressPlay refused with status " + answer.statusCode());
            }
            return answer.body();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new No("stopped");
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException failed) {
            throw new No("ExpressPlay does not answer");
        }
    }

    static String form(Map<String, String> parameters) {
        StringBuilder text = new StringBuilder();
        parameters.forEach((name, value) -> text.append(text.isEmpty() ? "" : "&").append(name).append('=')
                .append(URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return text.toString();
    }

    public static void main(String[] arguments) throws Exception {
        Sees sees = new Sees(System.getenv("EXPRESSPLAY_URL"), System.getenv("EXPRESSPLAY_AUTHENTICATOR"));
        int port = sees.start(Integer.parseInt(System.getenv().getOrDefault("PORT", "8002")));
        System.out.println("SEES at http://127.0.0.1:" + port);
        Thread.currentThread().join();
    }
}
