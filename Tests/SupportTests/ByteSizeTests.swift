import Support
import Testing

@Suite struct ByteSizeTests {
  /// At most three digits, but of what has no larger unit.
  @Test(arguments: [
    (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"),
    (999_499, "999 kB"), (999_500, "1.0 MB"), (31_200_000_000, "31.2 GB"),
    (5_000_000_000_000_000, "5000 TB"),
  ])
  func inWords(bytes: Int, words: String) { #expect(ByteSize.text(bytes) == words) }
}
