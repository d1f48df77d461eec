package handoff.peers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Reads PMML documents from disk. */
final class Documents {
    private Documents() {}

    /** Returns the bytes of a document, expanded if they are gzipped. */
    static byte[] read(Path path) throws IOException {
        byte[] bytes = Files.readAllBytes(path);
        if (bytes.length > 2 && bytes[0] == (byte) 0x1f && bytes[1] == (byte) 0x8b) {
            return new GZIPInputStream(new ByteArrayInputStream(bytes)).readAllBytes();
        }
        return bytes;
    }
}
