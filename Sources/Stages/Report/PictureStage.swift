import Datasets
import Detection
import Evaluation
import Foundation
import Images
import Pipeline
import Reporting
import Support

/// Makes one picture of several photographs with their detections, small enough for a README, of
/// photographs whose licence allows it, with a line of credit for each.
public struct PictureStage {
  /// Which photographs, and how they are shown.
  public struct Choice: Sendable {
    /// Ids of the annotations' licences; photographs of others are refused.
    let licences: Set<Int>
    /// File names, in the order of reading; none to choose the best.
    let photographs: [String]
    let count: Int
    /// Nil for the pipeline's `detection.draw_threshold`, or what the validation images say.
    let threshold: Float?
    let width: Int
    let kilobytes: Int

    /// - Parameters:
    ///   - licences: ids of the annotations' licences, at least one.
    ///   - photographs: file names as the annotations have them; with none, `count` are chosen.
    ///   - threshold: the least score drawn, in 0...1; nil for the pipeline's.
    ///   - width: of the picture in pixels, at least 100.
    ///   - kilobytes: of 1,000 bytes, at most.
    public init(
      licences: [Int], photographs: [String], count: Int, threshold: Float?, width: Int,
      kilobytes: Int
    ) {
      precondition(!licences.isEmpty, "a photograph is under a licence")
      (self.licences, self.photographs, self.count) = (Set(licences), photographs, count)
      (self.threshold, self.width, self.kilobytes) = (threshold, width, kilobytes)
    }
  }

  private let chain: Chain
  private var run: Run { chain.run }
  private var report: Console { chain.report }
  private let target: EvaluateStage.Target?
  private let choice: Choice
  private let output: String

  private static let name = "picture"

  /// - Parameters:
  ///   - target: nil for the pipeline's validation images.
  ///   - output: a JPEG's path; the credits go beside it, with ".md" for its extension.
  public init(
    _ chain: Chain, on target: EvaluateStage.Target? = nil, choice: Choice, output: String
  ) {
    (self.chain, self.target, self.choice, self.output) = (chain, target, choice, output)
  }

  /// Evaluates what is not evaluated yet, and writes the picture and its credits.
  ///
  /// - Throws: `InputError` for annotations without licences, a photograph that they do not have or
  ///   whose licence is not among those chosen, and a picture that is too large.
  public func execute() throws {
    // What the user gave is checked before the hours that training may take.
    let folder = PathText.folder(of: output)
    try Files.createFolder(folder.isEmpty ? "." : folder)
    let annotations = target?.annotations ?? run.path(run.configuration.data.val.annotations)
    let credits = try PhotographCredits(path: annotations)
    try check(credits, at: annotations)
    let dataset = try COCODataset(path: annotations)
    let listed = try choice.photographs.map { name throws(InputError) in
      try image(name, of: dataset, credits: credits)
    }

    // Its lock keeps other pictures of the same detections out, too.
    let evaluation = try chain.evaluation(.init(on: target))
    defer { withExtendedLifetime(evaluation.lock) {} }
    let reader = try DetectionFile.Reader(path: evaluation.folder.file("detections.jsonl"))
    let names = reader.header.categories
    let novel = run.unlabelled(of: names, split: try run.trainingSplit())
    let thresholds = DrawThresholds(
      given: choice.threshold ?? run.configuration.detection.drawThreshold,
      chosen: evaluation.report.boxes.thresholds)
    let allowed = dataset.images.filter { isAllowed($0.id, by: credits) }
    let wanted = Set((listed.isEmpty ? allowed : listed).map(\.id))
    var detections: [Int: [Detection]] = [:]
    var best = PhotographChoice(evaluation.images.dataset, vocabulary: names, novel: novel)
    while let row = try reader.next() {
      try StopSignal.check()
      guard wanted.contains(row.id), case .detected(let all, _, _) = row.outcome,
        let image = evaluation.images.dataset.image(row.id)
      else { continue }
      let drawn = all.filter { Double($0.score) >= thresholds[names[$0.category]] }
      detections[row.id] = drawn
      best.add(drawn, of: image)
    }
    let shown = try listed.isEmpty ? chosen(by: best, of: dataset, among: allowed.count) : listed
    let items = try shown.map { image in
      do throws(ImageError) {
        return ContactSheet.Item(
          image: try evaluation.images.read(image.id), detections: detections[image.id] ?? [])
      } catch { throw error.inputError }
    }
    let picture = Picture(
      categories: names, novel: novel,
      font: .installed(for: names) { report.say(Self.name, $0) })
    try write(ContactSheet(items, width: choice.width).draw(by: picture))
    try Files.write(Data(text(credits, of: shown).utf8), to: creditsFile)
    try StandardOutput.print(output)
    try StandardOutput.print(creditsFile)
  }

  private var creditsFile: String { PathText.withoutEnding(output) + ".md" }

  // MARK: - Which photographs

  private func check(_ credits: PhotographCredits, at annotations: String) throws(InputError) {
    guard let unknown = choice.licences.sorted().first(where: { credits.licences[$0] == nil })
    else { return }
    let known = credits.licences.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.name)" }
    throw InputError(
      .usage, "the annotations have no such licence", at: annotations,
      expected: known.joined(separator: ", "), got: "\(unknown)")
  }

  private func isAllowed(_ id: Int, by credits: PhotographCredits) -> Bool {
    credits.photographs[id]?.licence.map(choice.licences.contains) ?? false
  }

  /// A photograph that the user named.
  private func image(
    _ name: String, of dataset: COCODataset, credits: PhotographCredits
  ) throws(InputError) -> COCODataset.Image {
    guard let image = dataset.images.first(where: { $0.fileName == name }) else {
      let near = nearestName(to: name, among: dataset.images.map(\.fileName))
      throw InputError(
        .usage, "the annotations have no such photograph", at: "--photographs", got: "'\(name)'",
        hint: near.map { "is it '\($0)'?" })
    }
    guard isAllowed(image.id, by: credits) else {
      let licence = credits.photographs[image.id]?.licence
      throw InputError(
        .usage, "the photograph's licence is not one of those allowed", at: name,
        expected: choice.licences.sorted().map(String.init).joined(separator: ", "),
        got: licence.map { "\($0) \(credits.licences[$0]?.name ?? "")" } ?? "none",
        hint: "leave it out, or allow its licence with --licences if that is right")
    }
    return image
  }

  private func chosen(
    by best: PhotographChoice, of dataset: COCODataset, among allowed: Int
  ) throws(InputError) -> [COCODataset.Image] {
    let images = best.best(choice.count).compactMap(dataset.image)
    guard !images.isEmpty else {
      throw InputError(
        .badData, "none of the photographs with an allowed licence has a right detection",
        at: dataset.source, got: allowed.counted("photograph"),
        hint: "lower --threshold, or name photographs with --photographs")
    }
    report.say(
      Self.name,
      "chose \(images.count) of \(allowed.counted("photograph")) with an allowed licence, the best by F1 and "
        + "names: they show what the detector can do, not what is usual")
    return images
  }

  // MARK: - Writing

  private func write(_ sheet: Image) throws(InputError) {
    guard let (data, quality) = sheet.jpegData(atMost: choice.kilobytes * 1000) else {
      throw InputError(
        .usage, "the picture does not become small enough", at: output,
        expected: "at most \(choice.kilobytes) kB",
        got:
          "\(sheet.jpegData(quality: 50).count / 1000) kB of \(sheet.width) x \(sheet.height) pixels",
        hint: "choose fewer photographs or a smaller --width")
    }
    try Files.write(data, to: output)
    report.say(
      Self.name,
      "\(sheet.width) x \(sheet.height) pixels, JPEG of quality \(quality), \(data.count) bytes")
  }

  /// As Markdown, a line a photograph.
  private func text(_ credits: PhotographCredits, of images: [COCODataset.Image]) -> String {
    let lines = images.enumerated().map { index, image in
      let photograph = credits.photographs[image.id]
      let licence = photograph?.licence.flatMap { credits.licences[$0] }
      let links = [
        photograph?.address.map { "[file](\($0))" }, photograph?.page.map { "[page](\($0))" },
      ].compactMap(\.self)
      return "\(index + 1). \(image.fileName)"
        + (links.isEmpty ? "" : " (\(links.joined(separator: ", ")))")
        + (licence.map { ": [\($0.name)](\($0.address))" } ?? "") + "\n"
    }
    return
      "Photographs, from left to right and from top to bottom; made smaller, and with detections "
      + "drawn on them:\n\n" + lines.joined()
  }
}
