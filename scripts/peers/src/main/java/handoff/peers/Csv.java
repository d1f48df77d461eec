package handoff.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A CSV table by RFC 4180, held whole: a header and rows of equal width. */
final class Csv {
    final List<String> header;
    final List<List<String>> rows = new ArrayList<>();

    private Csv(List<String> header) {
        this.header = header;
    }

    /**
     * Reads a table. Cells whose exact text is in {@code missing} become null.
     *
     * @throws IOException if the table has no header, a quote stays open, or a row's width differs
     */
    static Csv read(Reader source, Set<String> missing) throws IOException {
        BufferedReader in = new BufferedReader(source);
        List<String> header = record(in);
        if (header == null) {
            throw new IOException("CSV has no header row");
        }
        Csv table = new Csv(header);
        for (List<String> row; (row = record(in)) != null; ) {
            if (row.size() != header.size()) {
                throw new IOException("row " + (table.rows.size() + 1) + " has " + row.size() + " cells, the header " + header.size());
            }
            row.replaceAll(cell -> missing.contains(cell) ? null : cell);
            table.rows.add(row);
        }
        return table;
    }

    /** Writes one row; a null cell is empty, and quoted where it is alone, since readers skip empty lines. */
    static void write(PrintWriter out, List<String> cells) {
        boolean blank = cells.size() == 1 && (cells.get(0) == null || cells.get(0).isEmpty());
        out.print(blank ? "\"\"" : cells.stream().map(Csv::quote).collect(Collectors.joining(",")));
        out.print('\n');
    }

    private static String quote(String cell) {
        if (cell == null) {
            return "";
        }
        boolean plain = cell.chars().noneMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r');
        return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    /** Reads one record, or null at the end. Empty lines are skipped. */
    private static List<String> record(BufferedReader in) throws IOException {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        boolean any = false;
        for (int c; (c = in.read()) >= 0; ) {
            if (quoted) {
                quoted = !closes(in, c, cell);
            } else if (c == '"') {
                quoted = true;
                any = true;
            } else if (c == ',') {
                cells.add(cell.toString());
                cell.setLength(0);
                any = true;
            } else if (c == '\n') {
                if (any) {
                    break;
                }
            } else if (c != '\r') {
                cell.append((char) c);
                any = true;
            }
        }
        if (quoted) {
            throw new IOException("a quote is not closed");
        }
        if (!any) {
            return null;
        }
        cells.add(cell.toString());
        return cells;
    }

    /** Takes a character inside quotes and tells whether it was the closing quote. */
    private static boolean closes(BufferedReader in, int c, StringBuilder cell) throws IOException {
        if (c != '"') {
            cell.append((char) c);
            return false;
        }
        in.mark(1);
        if (in.read() == '"') {
            cell.append('"');
            return false;
        }
        in.reset();
        return true;
    }
}
