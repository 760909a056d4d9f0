import Corpora
import Detection
import Foundation
import Images
import Labelling
import Regions
import Student
import Support
import Synchronization
import Tensors
import TestSupport
import Testing

/// Finds one region in every image, its middle, and takes it for the first of two categories.
private final class MiddleDetector: Detector {
  /// Images that it was asked about.
  let images = Mutex(0)
  private let objectness: Float
  let scorer: any RegionScorer = TeacherScorer(usesObjectness: true, temperature: 0.01)

  init(objectness: Float = 1) { self.objectness = objectness }

  static func middle(of image: (width: Int, height: Int)) -> Box {
    let (width, height) = (Float(image.width), Float(image.height))
    return Box(x0: width / 4, y0: height / 4, x1: 3 * width / 4, y1: 3 * height / 4)
  }

  func regions(of image: Image) throws(InputError) -> FoundRegions {
    images.withLock { $0 += 1 }
    let box = Self.middle(of: (image.width, image.height))
    return FoundRegions(
      [Region(box: box, score: objectness)], RegionDescription(image: Tensor([1, 2], [1, 0])))
  }
}

/// Any detector over a folder of images, again and again.
@Suite struct LabellingTests {
  private static let names = ["a.png", "b.png", "c.png"]

  private func writeImages(to folder: String) throws {
    for (index, name) in Self.names.enumerated() { try write(name, side: 8 + index, to: folder) }
  }

  private func write(_ name: String, side: Int, to folder: String) throws {
    try Files.write(Image(width: side, height: side).pngData(), to: "\(folder)/\(name)")
  }

  /// Held until it is let go, as it keeps others from the file.
  private func labelling(
    _ folder: String, failed: FailedImages
  ) throws(InputError) -> Labelling {
    try Labelling(
      Self.names.enumerated().map { .init(id: $0.offset, name: $0.element) },
      of: files(folder, failed: failed), to: "\(folder)/detections.jsonl",
      header: .init(fingerprint: "1", categories: ["cat", "dog"]))
  }

  private func files(_ folder: String, failed: FailedImages) -> FileImages {
    FileImages(.folder(folder), failed: failed) { _, file, path throws(ImageError) in
      try file.decoded(path, limits: DecodeLimits()) { _ in .upright }
    }
  }

  /// How far the file is.
  private func state(
    of folder: String, failed: FailedImages = .ifChanged
  ) throws -> (isUpToDate: Bool, earlier: [String], outdated: [String]) {
    let labels = try labelling(folder, failed: failed)
    return (labels.isUpToDate, labels.earlier, labels.outdated)
  }

  /// Labels what is left.
  ///
  /// - Returns: how many images have failed.
  @discardableResult
  private func label(
    _ folder: String, by detector: MiddleDetector,
    check: @escaping @Sendable () throws(InputError) -> Void = {}
  ) throws -> Int {
    let labels = try labelling(folder, failed: .ifChanged)
    try ImageLabeller(
      DetectedRegions(detector, in: files(folder, failed: .ifChanged)),
      categories: AskedCategories(
        names: ["cat", "dog"], embeddings: Tensor([2, 2], [1, 0, 0, 1])),
      rule: PostProcessing(scoreThreshold: 0.5), check: check, stage: "test", report: .silent
    ).label(labels)
    return labels.failures.count
  }

  private func rows(in folder: String) throws -> [DetectionFile.Row] {
    let reader = try DetectionFile.Reader(path: "\(folder)/detections.jsonl")
    var rows: [DetectionFile.Row] = []
    while let row = try reader.next() { rows.append(row) }
    return rows
  }

  /// The file's image has this side, and its middle is a cat.
  private func expectCat(_ row: DetectionFile.Row, side: Int) {
    guard case .detected(let found, let width, let height) = row.outcome else {
      Issue.record("\(row.image) has failed")
      return
    }
    #expect(width == side && height == side)
    #expect(found.map(\.category) == [0])
    #expect(found.map(\.box) == [MiddleDetector.middle(of: (side, side))])
    #expect(found.map(\.cosine) == [.init(image: 1)])
  }

  @Test func anImageIsLookedAtOnce() throws {
    try withTemporaryFolder { folder in
      try writeImages(to: folder)
      let detector = MiddleDetector()
      #expect(try !state(of: folder).isUpToDate)
      #expect(try label(folder, by: detector) == 0)
      let rows = try rows(in: folder)
      #expect(rows.map(\.image) == Self.names && rows.map(\.id) == [0, 1, 2])
      for (row, side) in zip(rows, 8...) { expectCat(row, side: side) }
      #expect(try state(of: folder).isUpToDate)
      #expect(detector.images.withLock(\.self) == 3)
    }
  }

  @Test func onlyAnImageThatHasChangedIsLookedAtAgain() throws {
    try withTemporaryFolder { folder in
      try writeImages(to: folder)
      let detector = MiddleDetector()
      try label(folder, by: detector)
      try write("b.png", side: 20, to: folder)
      let state = try state(of: folder)
      #expect(!state.isUpToDate && state.outdated == ["b.png"])
      try label(folder, by: detector)
      let rows = try rows(in: folder)
      #expect(rows.map(\.image) == Self.names)
      for (row, side) in zip(rows, [8, 20, 10]) { expectCat(row, side: side) }
      #expect(detector.images.withLock(\.self) == 4)
    }
  }

  @Test func anImageThatFailsIsTriedAgainOnceItIsMended() throws {
    try withTemporaryFolder { folder in
      try writeImages(to: folder)
      try Files.write(Data("no image".utf8), to: "\(folder)/b.png")
      let detector = MiddleDetector()
      #expect(try label(folder, by: detector) == 1)
      #expect(detector.images.withLock(\.self) == 2)
      for failed in [FailedImages.leave, .ifChanged, .retry] {
        #expect(try state(of: folder, failed: failed).isUpToDate)
      }
      try write("b.png", side: 9, to: folder)
      #expect(try state(of: folder, failed: .leave).isUpToDate)
      #expect(try state(of: folder).outdated == ["b.png"])
      #expect(try label(folder, by: detector) == 0)
      for (row, side) in zip(try rows(in: folder), 8...) { expectCat(row, side: side) }
    }
  }

  /// What was done before is kept, and the rest is done by whoever comes next.
  @Test func workThatEndsEarlyGoesOn() throws {
    try withTemporaryFolder { folder in
      try writeImages(to: folder)
      let error = #expect(throws: InputError.self) {
        try label(folder, by: MiddleDetector()) { () throws(InputError) in
          throw InputError(.tryAgain, "enough")
        }
      }
      #expect(error?.what == "enough")
      let state = try state(of: folder)
      #expect(state.earlier == ["a.png"] && state.outdated == [])
      let detector = MiddleDetector()
      try label(folder, by: detector)
      #expect(detector.images.withLock(\.self) == 2)
      #expect(try rows(in: folder).map(\.image) == Self.names)
    }
  }

  @Test func scoresThatAreNotFiniteNameTheImage() throws {
    try withTemporaryFolder { folder in
      try writeImages(to: folder)
      let error = #expect(throws: InputError.self) {
        try label(folder, by: MiddleDetector(objectness: .nan))
      }
      #expect(error?.place == "\(folder)/a.png" && error?.kind == .badData)
      #expect(error?.what == "the scores of the regions are not finite")
    }
  }
}
