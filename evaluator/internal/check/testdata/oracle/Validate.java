import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.xml.sax.SAXException;

/** Says of each line of standard input, SCHEMA DOCUMENT (in base64), whether the document is valid: "ok" or why not. */
class Validate {
	public static void main(String[] args) throws Exception {
		SchemaFactory factory = SchemaFactory.newInstance("http://www.w3.org/2001/XMLSchema");
		// The schemas of PMML have contents that XML Schema calls ambiguous; without this check they serve all the same.
		factory.setFeature("http://apache.org/xml/features/validation/schema-full-checking", false);
		Map<String, Schema> schemas = new HashMap<>();
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
		for (String line; (line = in.readLine()) != null;) {
			String[] words = line.split(" ");
			if (!schemas.containsKey(words[0])) {
				schemas.put(words[0], factory.newSchema(new File(words[0])));
			}
			String document = new String(Base64.getDecoder().decode(words[1]), "UTF-8");
			String answer = "ok";
			try {
				schemas.get(words[0]).newValidator().validate(new StreamSource(new StringReader(document)));
			} catch (SAXException e) {
				answer = String.valueOf(e.getMessage()).replace('\n', ' ');
			}
			System.out.println(answer);
			System.out.flush();
		}
	}
}
