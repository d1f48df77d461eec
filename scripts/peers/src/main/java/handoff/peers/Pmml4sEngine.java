package handoff.peers;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.pmml4s.common.StringType$;
import org.pmml4s.metadata.Field;
import org.pmml4s.model.Model;

/** PMML4S, used as its documentation shows. */
final class Pmml4sEngine implements Engine {
    private final Model model;
    private final List<String> names;

    private Pmml4sEngine(Model model) {
        this.model = model;
        this.names = Arrays.asList(model.outputNames());
    }

    static Pmml4sEngine load(byte[] document) {
        return new Pmml4sEngine(Model.fromBytes(document));
    }

    @Override
    public String name() {
        return "pmml4s";
    }

    @Override
    public List<String> inputNames() {
        return Arrays.asList(model.inputNames());
    }

    @Override
    public boolean isText(String input) {
        return Arrays.stream(model.inputFields()).anyMatch(field -> field.name().equals(input) && isText(field));
    }

    private static boolean isText(Field field) {
        return field.dataType().equals(StringType$.MODULE$);
    }

    @Override
    public List<String> resultNames() {
        return names;
    }

    @Override
    public void score(Map<String, Object> record, Object[] out) {
        Map<String, Object> answer = model.predict(record);
        for (int i = 0; i < out.length; i++) {
            out[i] = answer.get(names.get(i));
        }
    }
}
