import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jpmml.model.metro.MetroJAXBUtil;
import org.jpmml.rexp.ConverterFactory;
import org.jpmml.rexp.RExpParser;

/** Writes an R model, saved by saveRDS, as PMML: {@code RdsToPmml MODEL.rds MODEL.pmml}. */
public final class RdsToPmml {
    private RdsToPmml() {}

    public static void main(String[] args) throws Exception {
        try (InputStream in = Files.newInputStream(Path.of(args[0])); OutputStream out = Files.newOutputStream(Path.of(args[1]))) {
            MetroJAXBUtil.marshalPMML(ConverterFactory.newInstance().newConverter(new RExpParser(in).parse()).encodePMML(), out);
        }
    }
}
