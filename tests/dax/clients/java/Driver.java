// Makes the calls of a file of steps through the DAX client for Java 2.x.
// Usage: java -cp 'folder/*' Driver.java URL STEPS; credentials from the environment; prints a list
// of outcomes. Steps and outcomes are as steps.py describes them.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;
import software.amazon.awssdk.utils.builder.SdkBuilder;
import software.amazon.dax.ClusterDaxAsyncClient;
import software.amazon.dax.Configuration;

public class Driver {
    static final String MODEL = "software.amazon.awssdk.services.dynamodb.model.";

    // The SDK describes its own types: one function fills any of them.
    static Object fill(SdkPojo builder, JsonNode json) {
        for (SdkField<?> field : builder.sdkFields()) {
            JsonNode value = json.get(field.locationName());
            if (value != null) field.set(builder, read(field, value));
        }
        return ((SdkBuilder<?, ?>) builder).build();
    }

    static Object read(SdkField<?> field, JsonNode json) {
        MarshallingType<?> type = field.marshallingType();
        if (type == MarshallingType.SDK_POJO) return fill((SdkPojo) field.constructor().get(), json);
        if (type == MarshallingType.LIST) {
            List<Object> list = new ArrayList<>();
            for (JsonNode one : json) list.add(read(field.getTrait(ListTrait.class).memberFieldInfo(), one));
            return list;
        }
        if (type == MarshallingType.MAP) {
            Map<String, Object> map = new LinkedHashMap<>();
            json.fields().forEachRemaining(
                one -> map.put(one.getKey(), read(field.getTrait(MapTrait.class).valueFieldInfo(), one.getValue())));
            return map;
        }
        if (type == MarshallingType.SDK_BYTES) return SdkBytes.fromByteArray(Base64.getDecoder().decode(json.asText()));
        if (type == MarshallingType.BOOLEAN) return json.asBoolean();
        if (type == MarshallingType.INTEGER) return json.asInt();
        if (type == MarshallingType.STRING) return json.asText();
        throw new IllegalArgumentException(field.locationName() + ": " + type);
    }

    static Map<String, Object> write(SdkPojo pojo) {
        Map<String, Object> json = new LinkedHashMap<>();
        for (SdkField<?> field : pojo.sdkFields()) {
            Object value = field.getValueOrDefault(pojo);
            boolean absent = value == null || value instanceof SdkAutoConstructList || value instanceof SdkAutoConstructMap;
            if (!absent) json.put(field.locationName(), writeValue(value));
        }
        return json;
    }

    static Object writeValue(Object value) {
        if (value instanceof SdkPojo) return write((SdkPojo) value);
        if (value instanceof SdkBytes) return Base64.getEncoder().encodeToString(((SdkBytes) value).asByteArray());
        if (value instanceof List) {
            List<Object> list = new ArrayList<>();
            for (Object one : (List<?>) value) list.add(writeValue(one));
            return list;
        }
        if (value instanceof Map) {
            Map<Object, Object> map = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((name, one) -> map.put(name, writeValue(one)));
            return map;
        }
        return value;
    }

    static Map<String, Object> outcome(DynamoDbAsyncClient client, String operation, JsonNode arguments) throws Exception {
        Map<String, Object> outcome = new LinkedHashMap<>();
        try {
            Class<?> type = Class.forName(MODEL + operation + "Request");
            Object request = fill((SdkPojo) type.getMethod("builder").invoke(null), arguments);
            String method = Character.toLowerCase(operation.charAt(0)) + operation.substring(1);
            CompletableFuture<?> answer =
                (CompletableFuture<?>) DynamoDbAsyncClient.class.getMethod(method, type).invoke(client, request);
            outcome.put("ok", write((SdkPojo) answer.get()));
        } catch (ExecutionException error) {
            Throwable cause = error.getCause();
            if (cause instanceof AwsServiceException && ((AwsServiceException) cause).awsErrorDetails() != null) {
                outcome.put("error", ((AwsServiceException) cause).awsErrorDetails().errorCode());
            } else {
                outcome.put("error", cause.getClass().getSimpleName());
            }
            outcome.put("text", cause.toString());
            if (cause instanceof TransactionCanceledException) {
                List<String> reasons = new ArrayList<>();
                ((TransactionCanceledException) cause).cancellationReasons().forEach(reason -> reasons.add(reason.code()));
                outcome.put("reasons", reasons);
            }
        }
        return outcome;
    }

    public static void main(String[] arguments) throws Exception {
        DynamoDbAsyncClient client = ClusterDaxAsyncClient.builder()
            .overrideConfiguration(Configuration.builder()
                .url(arguments[0])
                .region(Region.US_EAST_1)
                .credentialsProvider(EnvironmentVariableCredentialsProvider.create())
                .readRetries(0)
                .writeRetries(0)
                .build())
            .build();
        ObjectMapper mapper = new ObjectMapper();
        List<Object> outcomes = new ArrayList<>();
        for (JsonNode step : mapper.readTree(new File(arguments[1])))
            outcomes.add(outcome(client, step.get(0).asText(), step.get(1)));
        System.out.write(mapper.writeValueAsString(outcomes).getBytes(StandardCharsets.UTF_8));
        System.out.flush();
        System.exit(0);
    }
}
