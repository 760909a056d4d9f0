import Cache
import Regions
import Support

/// What a complete cache holds, and whether too many of its images failed.
struct EmbeddingSummary {
  private let images: Int
  private let regions: Int
  private var failures = FailureReasons()
  /// Names what training sees.
  let records: String
  private let place: String

  /// - Parameter known: the images that have a row; nil where these are to be read.
  /// - Throws: `InputError` (`tryAgain`) while images have no row.
  init(_ task: EmbeddingTask, known: [Int: KnownImage]?) throws(InputError) {
    place = task.folder.path
    images = task.proposals.images.count
    let reader = try CacheReader(folder: task.root, recipe: task.recipe)
    let known: [Int: KnownImage] = if let known { known } else { try reader.knownImages() }
    let missing = task.proposals.ids.count { known[$0] == nil }
    guard missing == 0 else {
      throw InputError(
        .tryAgain, "\(missing.counted("image is", "images are")) not embedded yet", at: place,
        hint: "run the same command again")
    }
    records = EmbeddingChanges.records(of: task, known)
    regions = task.proposals.images.filter { known[$0.id]?.status.isFailure == false }.regions
    let wanted = Set(task.proposals.ids)
    for failure in try reader.failures() where wanted.contains(failure.imageID) {
      failures.add(failure.error, as: failure.status.rawValue)
    }
  }

  var hasFailures: Bool { failures.count > 0 }

  /// As in "8 images, 1 of them failed (1 missing: cannot read), 30 regions".
  var text: String {
    let failed =
      failures.count == 0 ? "" : ", \(failures.count) of them failed (\(failures.text))"
    return "\(images.counted("image"))\(failed), \(regions.counted("region"))"
  }

  /// The refusal (`tryAgain`) of a cache in which more images failed than `share` of them, rounded up;
  /// nil where no more did.
  func refusal(allowing share: Double) -> InputError? {
    let allowed = Int((share * Double(images)).rounded(.up))
    if failures.count <= allowed { return nil }
    return InputError(
      .tryAgain, "too many images could not be embedded", at: place,
      expected: "at most \(allowed) of \(images), as regions.failures_allowed says",
      got: "\(failures.count): \(failures.text)",
      hint: "mend these images and run 'vild embed' again, leave them out of the annotations, or "
        + "raise regions.failures_allowed")
  }
}
