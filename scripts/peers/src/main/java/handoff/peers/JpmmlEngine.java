package handoff.peers;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.dmg.pmml.DataType;
import org.jpmml.evaluator.Evaluator;
import org.jpmml.evaluator.EvaluatorUtil;
import org.jpmml.evaluator.HasGroupFields;
import org.jpmml.evaluator.InputField;
import org.jpmml.evaluator.LoadingModelEvaluatorBuilder;
import org.jpmml.evaluator.ResultField;
import org.jpmml.evaluator.visitors.ModelEvaluatorVisitorBattery;
import org.jpmml.model.visitors.VisitorBattery;

/** JPMML-Evaluator, used as its documentation shows. */
final class JpmmlEngine implements Engine {
    private final Evaluator evaluator;
    private final List<InputField> inputs;
    private final List<ResultField> results = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    private JpmmlEngine(Evaluator evaluator) {
        this.evaluator = evaluator;
        this.inputs = new ArrayList<>(evaluator.getInputFields());
        results.addAll(evaluator.getTargetFields());
        results.addAll(evaluator.getOutputFields());
        for (ResultField field : results) {
            names.add(field.getName() == null ? "_target" : field.getName());
        }
    }

    /** Loads the document as it is, keeping line numbers for messages. */
    static JpmmlEngine plain(byte[] document) throws Exception {
        return load(document, true, new VisitorBattery());
    }

    /** Loads the document and lets JPMML's visitors rewrite it for speed. */
    static JpmmlEngine optimized(byte[] document) throws Exception {
        return load(document, false, new ModelEvaluatorVisitorBattery(false));
    }

    private static JpmmlEngine load(byte[] document, boolean locatable, VisitorBattery visitors) throws Exception {
        LoadingModelEvaluatorBuilder builder = new LoadingModelEvaluatorBuilder().setLocatable(locatable).setVisitors(visitors);
        return new JpmmlEngine(builder.load(new ByteArrayInputStream(document)).build());
    }

    /** Scores the document's own ModelVerification rows; throws if one differs. */
    void verify() {
        evaluator.verify();
    }

    /** Refuses a record for any invalid value, also of a field that scoring would not have looked at. */
    void prepareAll(Map<String, Object> record) {
        inputs.forEach(field -> field.prepare(record.get(field.getName())));
    }

    /** Names of the fields that tell which rows belong together; empty for most models. */
    List<String> groupFields() {
        List<String> fields = new ArrayList<>();
        if (evaluator instanceof HasGroupFields grouped) {
            grouped.getGroupFields().forEach(field -> fields.add(field.getName()));
        }
        return fields;
    }

    @Override
    public String name() {
        return "jpmml";
    }

    @Override
    public List<String> inputNames() {
        return inputs.stream().map(InputField::getName).toList();
    }

    @Override
    public boolean isText(String input) {
        return inputs.stream().anyMatch(field -> field.getName().equals(input) && field.getDataType() == DataType.STRING);
    }

    @Override
    public List<String> resultNames() {
        return names;
    }

    @Override
    public void score(Map<String, Object> record, Object[] out) {
        Map<String, ?> answer = evaluator.evaluate(record);
        for (int i = 0; i < out.length; i++) {
            out[i] = EvaluatorUtil.decode(answer.get(results.get(i).getName()));
        }
    }
}
