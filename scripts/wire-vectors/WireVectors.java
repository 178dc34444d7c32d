import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Reads lines "Name version json" and writes, for each, the length and the bytes that Kafka's generated classes make of
 * that message. It also reads the bytes back and fails unless the same message comes out.
 */
public final class WireVectors {
    private static final Map<String, Class<?>> CLASSES = new HashMap<>();

    public static void main(String[] args) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        BufferedReader in = new BufferedReader(new InputStreamReader(new BufferedInputStream(System.in), StandardCharsets.UTF_8));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split(" ", 3);
            short version = Short.parseShort(parts[1]);
            byte[] bytes = encode(parts[0], version, mapper.readTree(parts[2]));
            out.writeInt(bytes.length);
            out.write(bytes);
        }
        out.flush();
    }

    private static byte[] encode(String name, short version, JsonNode json) throws Exception {
        Class<?> converter = load(dataClass(name) + "JsonConverter");
        Message message = (Message) converter.getMethod("read", JsonNode.class, short.class).invoke(null, json, version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        buffer.flip();
        Message again = (Message) load(dataClass(name)).getConstructor().newInstance();
        again.read(new ByteBufferAccessor(buffer.duplicate()), version);
        if (!again.equals(message)) throw new IllegalStateException(name + " " + version + " does not read back");
        return buffer.array();
    }

    private static String dataClass(String name) {
        String plain = "org.apache.kafka.common.message." + name;
        return name.startsWith("ConsumerProtocol") ? plain : plain + "Data";
    }

    private static Class<?> load(String name) throws ClassNotFoundException {
        Class<?> known = CLASSES.get(name);
        if (known == null) {
            known = Class.forName(name);
            CLASSES.put(name, known);
        }
        return known;
    }
}
