public import ArgumentParser
public import Detection
public import Exporting
import Stages
import Support

extension DetectionFormat: ExpressibleByArgument {}
extension PostProcessing.Suppression: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write results in the forms of other programs.",
    subcommands: [Detections.self, ExportStudent.self, ExportTeacher.self])

  struct Detections: Verb {
    static let configuration = CommandConfiguration(
      abstract: "Write finished detections as a labelled data set.",
      discussion: """
        The formats:

          coco          annotations in one JSON file, masks as polygons
          lvis          the same as LVIS v1 has them
          yolo          a folder of Ultralytics' form: data.yaml, labels/*.txt
          yolo-seg      the same with outlines; needs masks
          voc           a folder of Pascal VOC's form: Annotations/*.xml
          label-studio  tasks with predictions in one JSON file, and the labelling configuration
          cvat          CVAT for images 1.1, one XML file
          csv           a table with a row a detection

        Attributes stay in coco, lvis, label-studio, cvat and csv, parents of categories in coco and \
        csv; the other forms have no place for them, nor any for cosines.

        Nothing is detected again. A file or folder appears when it is whole, in the place of an \
        earlier export. Images that failed are left out; those without detections stay. Images \
        themselves are not copied: --images makes a link to them where a format looks for them \
        beside the labels.
        """)

    @Argument(
      help: ArgumentHelp(
        "What 'vild detect' or 'vild evaluate' left, or the detections there.",
        valueName: "folder"))
    var folder: String
    @Option(help: ArgumentHelp("What to write.", valueName: "format"))
    var format: DetectionFormat
    @Option(
      help: ArgumentHelp(
        "Where to: a file; for yolo, yolo-seg and voc a folder.", valueName: "path"))
    var output: String
    @Option(
      help: ArgumentHelp(
        "The least score, of names without one in --thresholds; all without.",
        valueName: "score"))
    var threshold: Double?
    @Option(
      help: ArgumentHelp(
        "A file with a score a name: that of 'vild evaluate --choose-thresholds', or JSON such as "
          + #"{"all": 0.5, "categories": {"cat": 0.6}}."#, valueName: "file"))
    var thresholds: String?
    @Option(help: ArgumentHelp("The most detections an image.", valueName: "number"))
    var top: Int?
    @Option(
      help: ArgumentHelp(
        """
        Leave out duplicates: per_category where a better box of the same name overlaps, agnostic of \
        any name, one_label_per_box as the first after each box has kept its best name only.
        """, valueName: "rule"))
    var suppression: PostProcessing.Suppression?
    @Option(help: ArgumentHelp("The IoU above which boxes overlap.", valueName: "number"))
    var iou = 0.5
    @Option(help: ArgumentHelp("The images, to be linked to.", valueName: "folder"))
    var images: String?
    @Option(
      help: ArgumentHelp(
        "What stands before an image's name in its address for Label Studio; /data/local-files/?d= "
          + "without.", valueName: "address"))
    var imagePrefix: String?

    func validate() throws {
      guard (0...1).contains(threshold ?? 0) else { throw ValidationError("--threshold: 0 to 1") }
      guard (0...1).contains(iou) else { throw ValidationError("--iou: 0 to 1") }
      guard (top ?? 1) > 0 else { throw ValidationError("--top: a number above 0") }
      guard images == nil || format.isFolder else {
        throw ValidationError("--images goes with yolo, yolo-seg and voc")
      }
      guard imagePrefix == nil || format == .labelStudio else {
        throw ValidationError("--image-prefix goes with label-studio")
      }
    }

    func run(on console: Console) throws {
      try ExportStage(
        folder: folder,
        .init(
          format: format, output: output, thresholds: thresholds, threshold: threshold, top: top,
          suppression: suppression, overlap: iou, images: images, imagePrefix: imagePrefix),
        report: console
      ).execute()
    }
  }
}
