public import Support

extension TrainingConfiguration {
  /// - Parameters:
  ///   - ranks: that are to share each step's forward passes.
  ///   - key: of these choices in the pipeline file.
  /// - Throws: `InputError` (`configuration`) where they cannot be shared evenly.
  public func check(ranks: Int, at key: String) throws(InputError) {
    let passes = imagesPerStep / imagesPerForward
    guard passes % ranks != 0 else { return }
    throw InputError(
      .configuration, "\(ranks) ranks cannot share the forward passes of a step", at: key,
      expected: "images_per_step / images_per_forward to be a multiple of \(ranks)",
      got: "\(imagesPerStep) / \(imagesPerForward)",
      hint:
        "lower images_per_forward: a rank does whole passes, so that each gives what it gives in one "
        + "process")
  }
}
