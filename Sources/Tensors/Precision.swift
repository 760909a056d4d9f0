import CKernels
public import Support

/// The arithmetic of the products of a frozen tower, or of a student that detects. What was made with
/// it depends on it: results of two precisions never mix.
public enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
  /// OpenBLAS and our own kernels; always there.
  case float32
  /// Products of bfloat16 numbers, summed in float32; norms, softmax and the residual stream stay
  /// float32. Needs a processor with AVX-512 BF16; with AMX, oneDNN is faster than our own kernel.
  case bfloat16

  /// - Parameter place: the key that asks for it, for the error.
  /// - Throws: `InputError` (`configuration`) where this processor lacks what the precision needs.
  public func requireAvailable(at place: String? = nil) throws(InputError) {
    try requireAvailable(at: place, hasBFloat16: vild_has_bfloat() != 0)
  }

  /// The same on a processor with bfloat16 or without.
  package func requireAvailable(at place: String?, hasBFloat16: Bool) throws(InputError) {
    guard self == .float32 || hasBFloat16 else {
      throw InputError(
        .configuration, "this processor has no bfloat16 arithmetic", at: place,
        expected: "AVX-512 BF16", hint: "use precision: float32")
    }
  }
}
