package handoff.peers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Turns CSV rows into records as the engines take them: name to raw value, missing values absent. */
final class Records {
    private Records() {}

    /** Records of text. Rows with the same values of all {@code groupFields} become one record whose other values are lists. */
    static List<Map<String, Object>> text(Csv table, List<String> groupFields) {
        List<Map<String, Object>> records = new ArrayList<>();
        for (List<String> row : table.rows) {
            records.add(record(table.header, row));
        }
        return groupFields.isEmpty() ? records : group(records, table.header, groupFields);
    }

    /** Records as a JSON body gives them: numbers unless the engine says that the field is text. */
    static List<Map<String, Object>> typed(Csv table, Engine engine) {
        List<Map<String, Object>> records = text(table, List.of());
        for (String name : table.header) {
            if (!engine.isText(name)) {
                records.forEach(record -> record.computeIfPresent(name, (key, text) -> number((String) text)));
            }
        }
        return records;
    }

    private static Map<String, Object> record(List<String> header, List<String> row) {
        Map<String, Object> record = new LinkedHashMap<>();
        for (int i = 0; i < header.size(); i++) {
            if (row.get(i) != null) {
                record.put(header.get(i), row.get(i));
            }
        }
        return record;
    }

    private static List<Map<String, Object>> group(List<Map<String, Object>> rows, List<String> header, List<String> groupFields) {
        Map<List<Object>, Map<String, Object>> groups = new LinkedHashMap<>();
        for (Map<String, Object> row : rows) {
            List<Object> key = new ArrayList<>();
            groupFields.forEach(name -> key.add(row.get(name)));
            Map<String, Object> group = groups.computeIfAbsent(key, unused -> new LinkedHashMap<>());
            for (String name : header) {
                if (groupFields.contains(name)) {
                    group.put(name, row.get(name));
                } else {
                    values(group, name).add(row.get(name));
                }
            }
        }
        return new ArrayList<>(groups.values());
    }

    @SuppressWarnings("unchecked")
    private static List<Object> values(Map<String, Object> group, String name) {
        return (List<Object>) group.computeIfAbsent(name, unused -> new ArrayList<>());
    }

    private static Object number(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            return text;
        }
    }
}
