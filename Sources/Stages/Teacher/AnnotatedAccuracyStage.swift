import Datasets
import Foundation
import Images
import Pretraining
import Regions
import Student
public import Support
import Teacher
import Tensors

/// How well a teacher names annotated objects among all names of the annotations, without a
/// pipeline: boxes are embedded as `embed` does unless told otherwise, with crops at 1x and 1.5x
/// within the image, and names in the teacher's own sentences.
public struct AnnotatedAccuracyStage {
  private static let name = "teacher accuracy"

  private let report: Console
  private let annotations: String
  private let images: String
  private let teacher: String
  private let choice: ObjectChoice

  /// - Parameters:
  ///   - annotations: COCO's or LVIS's file.
  ///   - images: the folder that its file names start from.
  ///   - teacher: its folder.
  ///   - choice: which objects count.
  public init(
    annotations: String, images: String, teacher: String, choice: ObjectChoice, report: Console
  ) {
    (self.annotations, self.images) = (annotations, images)
    (self.teacher, self.choice, self.report) = (teacher, choice, report)
  }

  /// Prints top-1 and top-5 accuracy over all objects and of each category.
  ///
  /// - Parameters:
  ///   - categories: whether each category has a row; nil lists up to 30 of them.
  ///   - asJSON: prints JSON instead, always with the categories.
  /// - Throws: `InputError` for files that are missing or wrong, and where no object is left or more
  ///   than a few images (`AnnotatedFit.allowed`) cannot be read.
  public func execute(categories: Bool? = nil, asJSON: Bool = false) throws {
    if Files.isStream(annotations) { throw StageInputs.readTwice(annotations) }
    let dataset = try COCODataset(path: annotations)
    for line in dataset.passedOver.lines { report.say(Self.name, line) }
    let files = try ImageFiles(of: dataset, in: images)
    if let note = files.note { report.say(Self.name, note) }
    let objects = try chosen(of: dataset)
    let teacher = try TeacherFolder(path: teacher).load()
    let accuracy = try accuracy(of: teacher, on: objects, of: dataset, in: files)
    let result = TeacherAccuracy(
      accuracy, statement: choice.words, names: dataset.categories.map(\.name))
    try StandardOutput.write(asJSON ? try result.json() : result.table(categories: categories))
  }

  /// The objects that count, by image.
  private func chosen(
    of dataset: COCODataset
  ) throws(InputError) -> [(image: Int, objects: [COCODataset.Annotation])] {
    try choice.check(dataset, at: annotations)
    let chosen = dataset.images.map { image in
      (image.id, dataset.annotations(of: image.id).filter(choice.takes))
    }.filter { !$0.1.isEmpty }
    guard !chosen.isEmpty else { throw choice.nothing(at: annotations) }
    return chosen
  }

  private func accuracy(
    of teacher: some Teacher, on chosen: [(image: Int, objects: [COCODataset.Annotation])],
    of dataset: COCODataset, in files: ImageFiles
  ) throws -> ZeroShotAccuracy {
    let categories = dataset.categories
    let places = Dictionary(
      uniqueKeysWithValues: categories.enumerated().map { ($1.id, $0) })
    let names = try teacher.embed(names: categories.map(\.name))
    var accuracy = ZeroShotAccuracy()
    var number = 0
    @Sendable func path(of id: Int) -> String {
      dataset.image(id).map(files.path) ?? files.folder
    }
    let fit = AnnotatedFit()
    var unread = 0
    let progress = StageProgress(
      stage: Self.name, unit: "images", total: chosen.count, on: report)
    try RegionEmbedder(teacher: teacher).embed(
      chosen.map { image, objects in
        Proposals(imageID: image, regions: objects.map { Region(box: $0.box, score: 1) })
      }
    ) { id throws(ImageError) in
      let size = dataset.image(id).flatMap(AnnotatedImages.size)
      return try fit.read(id, ImageFile(path(of: id)), at: path(of: id), annotated: size).image
    } deliver: { result in
      switch result.outcome {
      case .success(let found):
        guard found.regions.isFinite else {
          throw InputError.notFinite("the teacher's embeddings of the image's boxes")
            .at(path(of: result.request.imageID))
        }
        let regions = Tensor(embeddingsOf: [found.regions], width: names.shape[1])
        accuracy.add(
          cosines: innerProducts(Variable(regions), Variable(names)).value,
          names: chosen[number].objects.map { places[$0.categoryID]! })
      case .failure(let error):
        unread += 1
        try fit.check(of: chosen.count, annotations: annotations)
        if unread > AnnotatedFit.allowed(of: chosen.count) || unread == chosen.count {
          throw error.inputError
        }
        report.say(Self.name, "left out: \(error.inputError)")
      }
      number += 1
      progress.advance()
    }
    progress.finish()
    fit.say(Self.name, report)
    return accuracy
  }
}
