import Cache
import Support

/// What a complete cache holds, and whether too many of its images failed.
struct EmbeddingSummary {
  private let progress: CacheProgress
  private let failures: [CacheStatistics.Failure]
  private let place: String

  /// - Throws: `InputError` (`tryAgain`) while images have no row.
  init(_ task: EmbeddingTask) throws(InputError) {
    place = task.folder.path
    progress = try TrainingReader(folder: task.root, recipe: task.recipe).progress()
    guard progress.isComplete else {
      throw InputError(
        .tryAgain, "\(progress.total - progress.done) images are not embedded yet", at: place,
        hint: "run the same command again")
    }
    failures = try TeacherCache.statistics(task.folder).failures
  }

  /// As in "8 images, 1 of them failed (1 missing: cannot read), 30 regions".
  var text: String {
    let failed =
      progress.failures == 0 ? "" : ", \(progress.failures) of them failed (\(reasons))"
    return "\(progress.done) images\(failed), \(progress.regions) regions"
  }

  /// The most frequent reasons, with how many images each.
  private var reasons: String {
    failures.map { failure in
      "\(failure.images) \(failure.status.rawValue): \(FailureReasons.unnamed(failure.reason))"
    }.joined(separator: "; ")
  }

  /// The refusal (`tryAgain`) of a cache in which more images failed than `share` of them, rounded up;
  /// nil where no more did.
  func refusal(allowing share: Double) -> InputError? {
    let allowed = Int((share * Double(progress.total)).rounded(.up))
    if progress.failures <= allowed { return nil }
    return InputError(
      .tryAgain, "too many images could not be embedded", at: place,
      expected: "at most \(allowed) of \(progress.total), as regions.failures_allowed says",
      got: "\(progress.failures): \(reasons)",
      hint: "mend these images and run 'vild embed' again, leave them out of the annotations, or "
        + "raise regions.failures_allowed")
  }
}
