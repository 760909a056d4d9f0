import Cache
import Datasets
import Labelling
import Pipeline
import Student
package import Support

/// What each stage's outputs are named by, as the pipeline file and the data stand; nothing is made,
/// and what a cache will hold has no part in it.
package struct StageHashes {
  /// By stage, "text" and the evaluation's "report" among them; a stage that the pipeline does not
  /// have is left out.
  package private(set) var values: [String: String] = [:]

  /// - Throws: what the stages throw before they begin.
  package init(_ run: Run, report: Console) throws {
    let configuration = run.configuration
    let chain = Chain(run, report: report)
    let (teacher, propose) = (try chain.teacher(), try chain.propose())
    values["proposal-network"] = propose.network?.inputs
    values["propose"] = propose.folder.inputs.hash
    let split = propose.train.split
    let recipe = teacher.recipe(
      try teacher.load(),
      proposals: .init(
        file: propose.source, labels: configuration.proposals.labelSet ?? split.base))
    values["embed"] = recipe.hash
    let words = teacher.texts(of: propose.train.words(for: split.base + split.novel))
    values["text"] = teacher.inputs(of: words).hash

    let distill = try chain.distill()
    let train = distill.images
    let student = try distill.inputs(
      base: teacher.texts(of: train.words(for: train.split.base)),
      cache: configuration.student.method.distils ? (recipe, "") : nil,
      start: distill.startsFromNetwork ? try chain.network() : nil, former: nil
    ).hash
    let detector = try chain.detector()
    let found: StageInputs
    switch configuration.detection.classifier {
    case .student, .textAndTeacherCrops:
      values["distill"] = student
      found = detector.inputs(student: student)
    case .teacherCrops, .teacherCropsObjectness:
      found = try detector.teacherInputs(chain.plannedFinder).inputs
    }
    let detect = DetectStage(chain, corpus: run.data, classes: nil, drawsPictures: true)
    values["detect"] =
      detect.inputs(
        detector.inputs(
          found, names: words, textShares: split.textShares(of: words.map(\.name))),
        hasStore: configuration.detection.store.regions > 0
          && (configuration.student.method.isOpenVocabulary
            || configuration.detection.classifier != .student)
      ).hash

    let evaluate = try chain.evaluate()
    let folder = try evaluate.folder(names: teacher.texts(of: evaluate.words), detector: found)
    values["evaluate"] = folder.inputs.hash
    // It lies in the folder of the detections.
    let results = try evaluate.results(
      in: folder, proposals: evaluate.reported(chain.propose)?.folder.inputs.hash)
    values["report"] = "\(folder.inputs.hash)/\(results.inputs.hash)"
    values["compare"] = CompareStage.inputs(configuration).hash
  }
}
