import Cache
import Datasets
import Foundation
import Images
import Pipeline
import Pretraining
import Regions
import Student
import Support
import Teacher
import Tensors

/// How well the teacher names objects it is shown: every annotated box goes through the same path as
/// a proposal, crops, towers, shards and reader, and is compared with all category names.
public struct TeacherAccuracyStage {
  private let chain: Chain
  private let choice: ObjectChoice

  /// - Parameter choice: which objects count.
  public init(_ chain: Chain, choice: ObjectChoice) {
    self.chain = chain
    self.choice = choice
  }

  /// Prints top-1 and top-5 accuracy over the validation images' boxes, of base and novel categories
  /// and of each.
  ///
  /// - Parameters:
  ///   - categories: whether each category has a row; nil lists up to 30 of them.
  ///   - asJSON: prints JSON instead, always with the categories.
  public func execute(categories: Bool? = nil, asJSON: Bool = false) throws {
    let (run, images) = (chain.run, try chain.val())
    for note in images.notes { chain.report.say("teacher accuracy", note) }
    try choice.check(images.dataset, at: images.annotationFile)
    let folder = "\(run.folder)/teacher-accuracy"
    try Files.createFolder(folder)
    let (file, truths) = try writeTruths(of: images, into: folder)
    guard truths.values.contains(where: { !$0.isEmpty }) else {
      throw choice.nothing(at: images.annotationFile)
    }
    let teacher = try chain.teacher()
    let cache = try EmbedStage(
      run, images: images, teacher: teacher, failed: .ifChanged, report: chain.report
    ).embed(.init(file: file, source: Fingerprint.file(file)), into: "\(folder)/cache")

    let names = images.words(for: images.dataset.categories.map(\.name))
    let text = try teacher.embeddings(of: names).embeddings
    let reader = try CacheReader(folder: cache.folder, recipe: cache.recipe)
    let width = text.shape[1]
    var accuracy = ZeroShotAccuracy()
    for (image, wanted) in truths.sorted(by: { $0.key < $1.key }) {
      let record = try reader.record(of: image)
      // `embed` has said why.
      if record.status.isFailure { continue }
      guard record.regions.regions == wanted.map(\.region) else {
        throw InputError(
          .badData, "image \(image) has other regions than the annotations", at: cache.folder,
          expected: "its \(wanted.count) boxes", got: "\(record.regions.count) regions",
          hint: "remove the folder and run the same command again")
      }
      let regions = Tensor(embeddingsOf: [record.regions], width: width)
      accuracy.add(
        cosines: innerProducts(Variable(regions), Variable(text)).value,
        names: wanted.map(\.category))
    }
    guard accuracy.count > 0 else {
      throw InputError(.badData, "none of the images can be read", at: images.folder)
    }
    let result = TeacherAccuracy(
      accuracy, statement: choice.words, names: names.map(\.name), split: images.split)
    try StandardOutput.write(asJSON ? try result.json() : result.table(categories: categories))
  }

  /// An annotated box, and its category as the position among the data set's.
  private typealias Truth = (region: Region, category: Int)

  /// Writes the annotated boxes as a proposals file; returns them by image.
  private func writeTruths(
    of images: AnnotatedImages, into folder: String
  ) throws(InputError) -> (file: String, truths: [Int: [Truth]]) {
    let positions = Dictionary(
      uniqueKeysWithValues: images.dataset.categories.enumerated().map { ($1.id, $0) })
    let file = "\(folder)/truths.jsonl"
    let writer = try ProposalsWriter(
      path: file,
      header: ProposalsHeader(
        labelSet: images.dataset.categories.map(\.name), source: "annotations", nms: 1,
        top: 10_000, images: images.dataset.images.count))
    var truths = [Int: [Truth]]()
    for image in images.dataset.images {
      let kept = images.dataset.annotations(of: image.id).filter(choice.takes)
      let found: [Truth] = kept.map {
        (Region(box: $0.box, score: 1), positions[$0.categoryID]!)
      }
      truths[image.id] = found
      try writer.append(Proposals(imageID: image.id, regions: found.map(\.region)))
    }
    try writer.finish()
    return (file, truths)
  }
}
