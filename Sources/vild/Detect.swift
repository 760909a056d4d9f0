import ArgumentParser
import Stages
import Support

struct Detect: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Label every image of a corpus with any category names.",
    discussion: """
      The detector looks at an image once: its best regions are kept in a store \
      (detection.store.regions of the pipeline file), in which detections for any names are found \
      afterwards, by this command or by 'vild query'.

      Writes COCO results, JSON lines with one image a line, and pictures with the boxes drawn on \
      them. Images are turned upright as their EXIF orientation says. An image that cannot be read \
      is recorded with the reason.

      A corpus is a folder with the folders in it, where links are followed; a list, one path a line \
      from the list's own folder, or - for one on standard input, also as find -print0 has it; tar \
      files as WebDataset has them ('shards/{000..099}.tar', 'shards/*.tar'), which are not \
      unpacked; or COCO's annotations with --images. Images are told by their names: more of them \
      are labelled alone, and those that are gone are left out.

      Names are given between semicolons, synonyms after bars ('sofa|couch;traffic light'), or \
      in a file: one a line, where lines that begin with # are passed over; JSON, a list, {"0": \
      "cat"} or an object with names, id2label or categories; a CSV table with a column name; or \
      YOLO's data.yaml. A lone word that is a file, or looks like the path of one, is read; \
      'cat;' is always the name.

      From coarse to fine: names lie below the one before a > up to the next > or the end of the \
      line. 'cat; dog > beagle; poodle; bird > owl; hen' finds cats, beagles, poodles, owls and \
      hens: a beagle's score is the probability of a dog among cat, dog and bird, times that of a \
      beagle among the two kinds of dogs, one of which every dog is called.

      With --attributes 'red;blue;wooden' each detection has the most probable of them, and its \
      score is the product of the category's probability and the attribute's. Attributes are put \
      into the same sentences as names ('red|red thing' averages both) and move no box. One of them \
      is always the most probable: ask for what there is, not only for what is wanted. JSON lines \
      have the cosines of regions and names as well, which do not depend on the other names.

      On several machines each does a part: the units (regions.images_per_shard images) whose number \
      divided by the number of parts leaves the part's. Run --prepare once, then each part with --runs \
      on a disk of its own machine and --pool on a shared one, then 'vild store merge'. A part may be \
      stopped, started again anywhere or done twice. After that this command or 'vild query' writes \
      the results, without a detector.
      """)

  @OptionGroup var options: RunOptions

  @OptionGroup var given: CorpusOptions

  @OptionGroup var asked: NameOptions

  @OptionGroup var share: PartOptions

  @Flag(inversion: .prefixedNo, help: "Draw the detections on copies of the images.")
  var pictures = true

  @Flag(help: "Leave images that failed before as they are, instead of trying them again.")
  var noRetry = false

  @Option(
    help: ArgumentHelp(
      """
      Share the cores among this many processes; one that an image crashes is replaced. Each \
      holds the detector in memory. Without this option, one process does all.
      """, valueName: "count"))
  var workers: Int?

  @Flag(
    help: """
      Print which images are to be looked at, the bytes their regions will take and the time, \
      measured on a sample; store nothing.
      """)
  var plan = false

  @Flag(help: "With --plan: print JSON, as schemas/store-plan.schema.json describes it.")
  var json = false

  @Option(help: .hidden)
  var workFor: String?

  func validate() throws {
    if let workers, !(1...256).contains(workers) { throw ValidationError("1 to 256 workers") }
    if json && !plan { throw ValidationError("--json goes with --plan") }
  }

  func run(on console: Console) throws {
    let stage = try DetectStage(
      options.chain(on: console), corpus: given.corpus, images: given.images,
      classes: asked.classes, attributes: asked.attributes, drawsPictures: pictures,
      student: given.student, retries: !noRetry)
    if let workFor {
      return try asWorker {
        if let part = try share.workersPart() {
          try stage.work(for: workFor, of: part)
        } else {
          try stage.work(for: workFor)
        }
      }
    }
    if plan {
      let plan = try stage.plan()
      try StandardOutput.print(plan, asJSON: json) { $0.lines }
      if let refusal = plan.refusal { throw refusal }
      return
    }
    if share.prepare { return try stage.prepare() }
    let workers = workers.map { DetectStage.Workers($0, with: workerArguments) }
    if let part = try share.choice() {
      try stage.execute(part, workers: workers)
    } else {
      try stage.execute(workers: workers)
    }
  }

  private var workerArguments: [String] {
    let more = [("--images", given.images), ("--student", given.student)].flatMap { name, value in
      value.map { [name, $0] } ?? []
    }
    return ["detect", "--corpus", given.corpus] + more
      + ["--pipeline", options.pipeline, "--data", options.data, "--runs", options.runs]
  }
}
