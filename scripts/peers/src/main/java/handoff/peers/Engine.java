package handoff.peers;

import java.util.List;
import java.util.Map;

/** A loaded model in one of the engines that we compare with. */
interface Engine {
    String name();

    /** Names of the fields that a record should have. */
    List<String> inputNames();

    /** Whether values of an input are text even when they look like numbers. */
    boolean isText(String input);

    /** Names of targets ({@code _target} if unnamed), then outputs. */
    List<String> resultNames();

    /** Scores a record of raw values into {@code out}, in the order of {@link #resultNames()}; missing is null. */
    void score(Map<String, Object> record, Object[] out);
}
