import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as this server needs it: strict, no deeper than 16 levels, integers as Long. The JDK has none. */
class Json {
    private static final int DEEPEST = 16;
    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /** Return a value, or null for whatever is no JSON (and for null). */
    static Object read(byte[] body) {
        try {
            var decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            Json json = new Json(decoded.toString());
            Object value = json.value(0);
            json.blanks();
            return json.at == json.text.length() ? value : null;
        } catch (CharacterCodingException | IllegalArgumentException | IndexOutOfBoundsException noJson) {
            return null;
        }
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw new IllegalArgumentException("too deep");
        }
        blanks();
        switch (text.charAt(at)) {
            case '{':
                Map<String, Object> object = new LinkedHashMap<>();
                for (at++; !closes('}', object.isEmpty()); ) {
                    blanks();
                    String name = string();
                    blanks();
                    expect(":");
                    Object value = value(depth + 1);
                    if (object.containsKey(name)) {
                        throw new IllegalArgumentException("twice: " + name);
                    }
                    object.put(name, value);
                }
                return object;
            case '[':
                List<Object> list = new ArrayList<>();
                for (at++; !closes(']', list.isEmpty()); ) {
                    list.add(value(depth + 1));
                }
                return list;
            case '"':
                return string();
            case 't':
                return literal("true", true);
            case 'f':
                return literal("false", false);
            case 'n':
                return literal("null", null);
            default:
                return number();
        }
    }

    private boolean closes(char end, boolean first) {
        blanks();
        if (text.charAt(at) == end) {
            at++;
            return true;
        }
        if (!first) {
            expect(",");
        }
        return false;
    }

    private Object number() {
        int from = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(from, at);
        if (digits.matches("-?(0|[1-9][0-9]{0,17})")) {
            return Long.valueOf(digits);
        }
        if (digits.length() <= 32 && digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            return Double.valueOf(digits);
        }
        throw new IllegalArgumentException("no number");
    }

    private String string() {
        expect("\"");
        StringBuilder string = new StringBuilder();
        for (char next = text.charAt(at++); next != '"'; next = text.charAt(at++)) {
            if (next < ' ') {
                throw new IllegalArgumentException("a control character");
            }
            if (next != '\\') {
                string.append(next);
                continue;
            }
            char escaped = text.charAt(at++);
            int simple = "\"\\/bfnrt".indexOf(escaped);
            if (simple >= 0) {
                string.append("\"\\/\b\f\n\r\t".charAt(simple));
            } else if (escaped == 'u') {
                string.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                at += 4;
            } else {
                throw new IllegalArgumentException("no escape");
            }
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(string)) {
            throw new IllegalArgumentException("half of a surrogate pair");
        }
        return string.toString();
    }

    private Object literal(String word, Object value) {
        expect(word);
        return value;
    }

    private void expect(String word) {
        if (!text.startsWith(word, at)) {
            throw new IllegalArgumentException("expected " + word);
        }
        at += word.length();
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    /** Write an object of strings, booleans and numbers. */
    static String write(Map<String, Object> object) {
        StringBuilder json = new StringBuilder("{");
        object.forEach((name, value) -> json.append(json.length() > 1 ? "," : "").append(quoted(name)).append(':')
                .append(value instanceof String string ? quoted(string) : value));
        return json.append('}').toString();
    }

    private static String quoted(String string) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : string.toCharArray()) {
            json.append(each < ' ' || each == '"' || each == '\\' ? String.format("\\u%04x", (int) each) : String.valueOf(each));
        }
        return json.append('"').toString();
    }
}
