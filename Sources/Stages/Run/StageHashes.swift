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
    let teacher = try TeacherStage(run, report: report)
    let propose = try ProposeStage(run, report: report)
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

    let distill = DistillStage(run, report: report)
    try distill.checkChoices()
    let train = try AnnotatedImages(
      configuration.data.train, of: run, labels: configuration.student.labels)
    let student = try distill.inputs(
      train, base: teacher.texts(of: train.words(for: train.split.base)), teacher: teacher,
      cache: configuration.student.method.distils ? (recipe, "") : nil,
      start: try distill.initialStage(), former: nil
    ).hash
    let detector = PipelineDetector(run: run, report: report, teacher: teacher, student: nil)
    let found: StageInputs
    switch configuration.detection.classifier {
    case .student, .textAndTeacherCrops:
      values["distill"] = student
      found = detector.inputs(student: student)
    case .teacherCrops, .teacherCropsObjectness:
      found = try detector.teacherInputs { $0.plannedFinder() }.inputs
    }
    let detect = DetectStage(
      run, corpus: run.data, classes: nil, drawsPictures: true, report: report)
    values["detect"] =
      detect.inputs(
        detector.inputs(
          found, names: words, textShares: split.textShares(of: words.map(\.name)))
      ).hash

    let evaluate = EvaluateStage(run, report: report)
    let images = try evaluate.annotatedImages()
    let names = teacher.texts(
      of: images.words(for: images.split.base + images.split.novel))
    let folder = try evaluate.folder(images, names: names, detector: found, teacher: teacher)
    values["evaluate"] = folder.inputs.hash
    // It lies in the folder of the detections.
    let results = try evaluate.results(
      in: folder, of: images, proposals: evaluate.proposals()?.folder.inputs.hash)
    values["report"] = "\(folder.inputs.hash)/\(results.inputs.hash)"
    values["compare"] = CompareStage.inputs(configuration).hash
  }
}
