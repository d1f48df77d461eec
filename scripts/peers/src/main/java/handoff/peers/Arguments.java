package handoff.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A command line: words, {@code --flag} and {@code --option value}. */
final class Arguments {
    private final List<String> words = new ArrayList<>();
    private final Set<String> flags = new HashSet<>();
    private final Map<String, String> options = new HashMap<>();

    /** @throws IllegalArgumentException for unknown options and any number of words but {@code count} */
    Arguments(String[] args, Set<String> knownFlags, Set<String> knownOptions, int count) {
        for (int i = 0; i < args.length; i++) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            if (knownFlags.contains(name)) {
                flags.add(name);
            } else if (knownOptions.contains(name) && i + 1 < args.length) {
                options.put(name, args[++i]);
            } else if (name.isEmpty()) {
                words.add(args[i]);
            } else {
                throw new IllegalArgumentException("unknown option or no value: --" + name);
            }
        }
        if (words.size() != count) {
            throw new IllegalArgumentException("expected " + count + " arguments, got " + words.size());
        }
    }

    String word(int index) {
        return words.get(index);
    }

    boolean flag(String name) {
        return flags.contains(name);
    }

    String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }
}
