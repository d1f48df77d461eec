package handoff.peers;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Asks JPMML-Evaluator what it answers: scores a CSV as {@code handoff score} does. */
public final class Oracle {
    private static final String USAGE = """
            usage: oracle MODEL INPUT.csv OUTPUT.csv [--missing NA,N/A] [--errors FILE] [--mode both|plain|optimized] [--strict] [--verify]

            MODEL     PMML document, may be gzipped
            INPUT     CSV with a header, or -; OUTPUT likewise
            --missing cells of exactly this text are missing (default: the empty cell)
            --errors  CSV row,code,message of the rows that JPMML refuses (default: standard error); their results are empty
            --mode    plain: the document as written; optimized: rewritten by JPMML's visitors;
                      both (default): plain's answers, and every difference on standard error
            --strict  refuse invalid values of all fields; JPMML alone prepares a field when it is first needed,
                      so that an invalid value on a path not taken goes unnoticed
            --verify  first score the document's own ModelVerification rows

            Exit codes: 0 done, 1 JPMML refuses the document, 2 usage, 3 input or output.""";

    private final Csv input;
    private final List<Map<String, Object>> records;
    private final boolean strict;
    private final PrintWriter log;

    private record Answer(List<String> cells, Throwable error) {}

    private record Answers(List<String> header, List<Answer> rows) {}

    private Oracle(Csv input, List<Map<String, Object>> records, boolean strict, PrintWriter log) {
        this.input = input;
        this.records = records;
        this.strict = strict;
        this.log = log;
    }

    public static void main(String[] args) {
        Arguments arguments;
        try {
            arguments = new Arguments(args, Set.of("verify", "strict"), Set.of("missing", "errors", "mode"), 3);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            System.exit(2);
            return;
        }
        System.exit(run(arguments));
    }

    private static int run(Arguments arguments) {
        PrintWriter log = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8), true);
        try {
            byte[] document = Documents.read(Path.of(arguments.word(0)));
            Csv input;
            try (Reader in = reader(arguments.word(1))) {
                input = Csv.read(in, Set.of(arguments.option("missing", "").split(",")));
            }
            Answers answers;
            try {
                answers = answer(arguments, document, input, log);
            } catch (Exception | StackOverflowError e) {
                log.println("JPMML refuses the document: " + describe(e));
                return 1;
            }
            write(answers, arguments, log);
            return 0;
        } catch (IOException e) {
            log.println(describe(e));
            return 3;
        }
    }

    private static Answers answer(Arguments arguments, byte[] document, Csv input, PrintWriter log) throws Exception {
        String mode = arguments.option("mode", "both");
        JpmmlEngine engine = mode.equals("optimized") ? JpmmlEngine.optimized(document) : JpmmlEngine.plain(document);
        if (arguments.flag("verify")) {
            engine.verify();
            log.println("verified");
        }
        Oracle oracle = new Oracle(input, Records.text(input, engine.groupFields()), arguments.flag("strict"), log);
        Answers answers = oracle.score(engine);
        if (mode.equals("both")) {
            oracle.compareWithOptimized(answers, document);
        }
        return answers;
    }

    private Answers score(JpmmlEngine engine) {
        warnAboutColumns(engine);
        Answers answers = new Answers(engine.resultNames(), new ArrayList<>());
        Object[] out = new Object[engine.resultNames().size()];
        for (Map<String, Object> record : records) {
            List<String> cells = new ArrayList<>();
            Throwable error = null;
            try {
                if (strict) {
                    engine.prepareAll(record);
                }
                engine.score(record, out);
                for (Object value : out) {
                    cells.add(text(value));
                }
            } catch (RuntimeException | StackOverflowError e) {
                error = e;
                cells.clear();
                engine.resultNames().forEach(name -> cells.add(null));
            }
            answers.rows.add(new Answer(cells, error));
        }
        return answers;
    }

    private void warnAboutColumns(Engine engine) {
        for (String name : engine.inputNames()) {
            if (!input.header.contains(name)) {
                log.println("input has no column \"" + name + "\": missing in every row");
            }
        }
    }

    private void compareWithOptimized(Answers plain, byte[] document) {
        Answers optimized;
        try {
            optimized = score(JpmmlEngine.optimized(document));
        } catch (Exception | StackOverflowError e) {
            log.println("modes differ: the optimizers refuse the document: " + describe(e));
            return;
        }
        int different = 0;
        for (int row = 0; row < plain.rows.size(); row++) {
            Answer a = plain.rows.get(row);
            Answer b = optimized.rows.get(row);
            for (int i = 0; i < plain.header.size(); i++) {
                if (!Objects.equals(a.cells.get(i), b.cells.get(i))) {
                    different++;
                    log.println("modes differ: row " + (row + 1) + " " + plain.header.get(i) + ": plain " + show(a, i) + ", optimized " + show(b, i));
                }
            }
        }
        log.println(different == 0 ? "modes agree" : "modes differ in " + different + " cells");
    }

    private static String show(Answer answer, int column) {
        return answer.error == null ? answer.cells.get(column) : describe(answer.error);
    }

    private static void write(Answers answers, Arguments arguments, PrintWriter log) throws IOException {
        try (PrintWriter out = writer(arguments.word(2))) {
            Csv.write(out, answers.header);
            answers.rows.forEach(row -> Csv.write(out, row.cells));
        }
        String place = arguments.option("errors", null);
        if (place == null) {
            writeErrors(answers, log);
            return;
        }
        try (PrintWriter out = writer(place)) {
            Csv.write(out, List.of("row", "code", "message"));
            writeErrors(answers, out);
        }
    }

    private static void writeErrors(Answers answers, PrintWriter out) {
        for (int i = 0; i < answers.rows.size(); i++) {
            Throwable error = answers.rows.get(i).error;
            if (error != null) {
                Csv.write(out, List.of(Integer.toString(i + 1), error.getClass().getSimpleName(), String.valueOf(error.getMessage())));
            }
        }
        out.flush();
    }

    private static String text(Object value) {
        if (value instanceof Collection<?> list) {
            return list.stream().map(Oracle::text).collect(Collectors.joining(", ", "[", "]"));
        }
        return value == null ? null : value.toString();
    }

    private static String describe(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable e = error; e != null; e = e.getCause()) {
            text.append(text.isEmpty() ? "" : " <- ").append(e.getClass().getSimpleName()).append(": ").append(e.getMessage());
        }
        return text.toString();
    }

    private static Reader reader(String place) throws IOException {
        return place.equals("-") ? new InputStreamReader(System.in, StandardCharsets.UTF_8) : Files.newBufferedReader(Path.of(place));
    }

    private static PrintWriter writer(String place) throws IOException {
        Writer writer = place.equals("-") ? new OutputStreamWriter(System.out, StandardCharsets.UTF_8) : Files.newBufferedWriter(Path.of(place));
        return new PrintWriter(writer);
    }
}
