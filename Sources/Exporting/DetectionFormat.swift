/// A form of detections that other programs load.
public enum DetectionFormat: String, CaseIterable, Sendable {
  /// COCO's annotations, one JSON file.
  case coco
  /// LVIS v1's annotations, one JSON file.
  case lvis
  /// Ultralytics' folder for detection: `data.yaml` and a text file an image.
  case yolo
  /// The same for segmentation.
  case yoloSegmentation = "yolo-seg"
  /// Pascal VOC's folder: an XML file an image and a list of them.
  case voc
  /// Label Studio's tasks with predictions, one JSON file, and the labelling configuration beside it.
  case labelStudio = "label-studio"
  /// "CVAT for images 1.1", one XML file.
  case cvat
  /// A table with a row a detection.
  case csv

  /// Whether it is a folder of files, and not one file.
  public var isFolder: Bool { imageFolder != nil }

  /// What the folder of the images is called inside that folder; nil for one file.
  var imageFolder: String? {
    switch self {
    case .yolo, .yoloSegmentation: "images"
    case .voc: "JPEGImages"
    case .coco, .lvis, .labelStudio, .cvat, .csv: nil
    }
  }
}
