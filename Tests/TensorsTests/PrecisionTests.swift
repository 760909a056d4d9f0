import Support
import Tensors
import Testing

@Suite struct PrecisionTests {
  /// Without the instructions there is a clear error, never another precision.
  @Test func aProcessorWithoutBFloat16() throws {
    try Precision.float32.requireAvailable(at: "detection.precision", hasBFloat16: false)
    try Precision.bfloat16.requireAvailable(at: "detection.precision", hasBFloat16: true)
    let error = #expect(throws: InputError.self) {
      try Precision.bfloat16.requireAvailable(at: "detection.precision", hasBFloat16: false)
    }
    #expect(error?.kind == .configuration)
    let words = error.map { "\($0)" } ?? ""
    #expect(words.contains("detection.precision") && words.contains("AVX-512 BF16"), "\(words)")
  }
}
