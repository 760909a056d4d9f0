import CKernels
public import Support

/// The arithmetic of a frozen tower's products. Part of a cache's recipe: embeddings of two
/// precisions never mix.
public enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
  /// OpenBLAS and our own kernels; always there.
  case float32
  /// Products of bfloat16 numbers, summed in float32; norms, softmax and the residual stream stay
  /// float32. Needs a processor with AVX-512 BF16; with AMX, oneDNN is faster than our own kernel.
  case bfloat16

  /// - Throws: `InputError` (`configuration`) where this processor lacks what the precision needs.
  public func requireAvailable() throws(InputError) {
    guard self == .float32 || vild_has_bfloat() != 0 else {
      throw InputError(
        .configuration, "this processor has no bfloat16 arithmetic",
        expected: "AVX-512 BF16", hint: "use precision: float32")
    }
  }
}
