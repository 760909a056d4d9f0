import COneDNN
public import Support

/// The arithmetic of a frozen tower's products. Part of a cache's recipe: embeddings of two
/// precisions never mix.
public enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
  /// OpenBLAS and our own kernels; always there.
  case float32
  /// Products of bfloat16 numbers, summed in float32; norms, softmax and the residual stream stay
  /// float32. Needs oneDNN and a processor with AVX-512 BF16.
  case bfloat16

  /// - Throws: `InputError` (`configuration`) where this build or this processor lacks what the
  ///   precision needs.
  public func requireAvailable() throws(InputError) {
    guard self == .bfloat16 else { return }
    guard vild_onednn_version() != nil else {
      throw InputError(
        .configuration, "no bfloat16 in this build", expected: "a build with oneDNN",
        hint: "install libdnnl-dev and run 'make build' again, or use precision: float32")
    }
    guard vild_onednn_has_bfloat16() != 0 else {
      throw InputError(
        .configuration, "this processor has no bfloat16 arithmetic",
        expected: "AVX-512 BF16", hint: "use precision: float32")
    }
  }
}
