package handoff.peers;

import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Reader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Measures one engine with one model on one thread and prints a JSON object. One JVM measures one engine, so that
 * neither profits from or suffers by what the compiler learned of the other.
 */
public final class Bench {
    private static final String USAGE = """
            usage: bench MODEL INPUT.csv ANSWERS.csv --engine jpmml|pmml4s [--warm SECONDS] [--seconds SECONDS] [--rows N] [--missing TEXTS]

            ANSWERS    gets the results of the first N rows (default 100), to be compared with others' answers
            --warm     CPU-seconds of scoring before anything is measured (default 5)
            --seconds  CPU-seconds of each measurement (default 3)
            --missing  cells of exactly this text are missing (default: the empty cell)
            Times are of a record given as name to raw value, to all results read by name.
            Short calls are timed in batches and what reading the clock takes is subtracted, as handoff bench does.""";
    private static final int MOST_SAMPLES = 2_000_000;
    private static final double BATCH_NANOS = 5_000; // a batch lasts about this long
    private static final int MOST_BATCHED = 256;

    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private final Engine engine;
    private final List<Map<String, Object>> records;
    private final Object[] out;
    private int next;
    private long seen;

    private Bench(Engine engine, List<Map<String, Object>> records) {
        this.engine = engine;
        this.records = records;
        this.out = new Object[engine.resultNames().size()];
    }

    public static void main(String[] args) {
        Arguments arguments;
        double warm;
        double seconds;
        try {
            arguments = new Arguments(args, Set.of(), Set.of("engine", "warm", "seconds", "rows", "missing"), 3);
            warm = Double.parseDouble(arguments.option("warm", "5"));
            seconds = Double.parseDouble(arguments.option("seconds", "3"));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            System.exit(2);
            return;
        }
        try {
            System.out.println(measure(arguments, warm, seconds));
        } catch (Exception | StackOverflowError e) {
            System.err.println(e);
            System.exit(1);
        }
    }

    private static String measure(Arguments arguments, double warm, double seconds) throws Exception {
        byte[] document = Documents.read(Path.of(arguments.word(0)));
        long begin = CPU.getCurrentThreadCpuTime();
        Engine engine = arguments.option("engine", "jpmml").equals("pmml4s") ? Pmml4sEngine.load(document) : JpmmlEngine.optimized(document);
        long load = CPU.getCurrentThreadCpuTime() - begin; // without the JIT compiler's and the collector's threads
        Csv table;
        try (Reader in = Files.newBufferedReader(Path.of(arguments.word(1)))) {
            table = Csv.read(in, Set.of(arguments.option("missing", "").split(",")));
        }
        Bench bench = new Bench(engine, Records.typed(table, engine));
        bench.writeAnswers(Path.of(arguments.word(2)), Integer.parseInt(arguments.option("rows", "100")));
        double warmRows = bench.throughput(warm);
        double[] samples = bench.latencies(seconds, (int) Math.min(Math.max(BATCH_NANOS * warmRows / 1e9, 1), MOST_BATCHED));
        double rows = bench.throughput(seconds);
        return String.format(Locale.ROOT,
                "{\"engine\":\"%s\",\"single_ns_p50\":%.1f,\"single_ns_p99\":%.1f,\"rows_per_cpu_second\":%.0f,\"load_ms\":%.1f,\"rows\":%d,\"results_seen\":%d}",
                engine.name(), samples[samples.length / 2], samples[(int) (samples.length * 0.99)], rows, load / 1e6, bench.records.size(), bench.seen);
    }

    private void writeAnswers(Path place, int count) throws IOException {
        try (PrintWriter writer = new PrintWriter(new OutputStreamWriter(Files.newOutputStream(place), StandardCharsets.UTF_8))) {
            Csv.write(writer, engine.resultNames());
            for (int i = 0; i < Math.min(count, records.size()); i++) {
                engine.score(records.get(i), out);
                List<String> cells = new ArrayList<>();
                Arrays.stream(out).forEach(value -> cells.add(value == null ? null : value.toString()));
                Csv.write(writer, cells);
            }
        }
    }

    /** Scores rows in turn for some seconds of this thread's CPU time and returns rows per CPU-second. */
    private double throughput(double seconds) {
        long begin = CPU.getCurrentThreadCpuTime();
        long end = begin + (long) (seconds * 1e9);
        long count = 0;
        long now;
        do {
            long pause = System.nanoTime() + 5_000_000; // reading the CPU time is slow: do it every 5 ms
            do {
                one();
                count++;
            } while (System.nanoTime() < pause);
            now = CPU.getCurrentThreadCpuTime();
        } while (now < end);
        return count * 1e9 / (now - begin);
    }

    /** Times batches of calls for some CPU-seconds and returns the wall nanoseconds of a call in each, sorted. */
    private double[] latencies(double seconds, int batch) {
        double[] samples = new double[MOST_SAMPLES];
        double clock = clock();
        long end = CPU.getCurrentThreadCpuTime() + (long) (seconds * 1e9);
        int count = 0;
        while (count < samples.length) {
            long begin = System.nanoTime();
            for (int i = 0; i < batch; i++) {
                one();
            }
            samples[count++] = Math.max(System.nanoTime() - begin - clock, 0) / batch;
            if (count % 64 == 0 && CPU.getCurrentThreadCpuTime() > end) {
                break;
            }
        }
        samples = Arrays.copyOf(samples, count);
        Arrays.sort(samples);
        return samples;
    }

    /** Median nanoseconds that reading the clock takes. */
    private static double clock() {
        long[] samples = new long[10_000];
        for (int i = 0; i < samples.length; i++) {
            long begin = System.nanoTime();
            samples[i] = System.nanoTime() - begin;
        }
        Arrays.sort(samples);
        return samples[samples.length / 2];
    }

    private void one() {
        engine.score(records.get(next), out);
        next = next + 1 == records.size() ? 0 : next + 1;
        for (Object value : out) {
            if (value != null) {
                seen++; // read, so that the compiler can't leave the work out
            }
        }
    }
}
