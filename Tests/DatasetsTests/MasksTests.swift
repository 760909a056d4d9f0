import Datasets
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// Outlines of annotations, and what LVIS has besides COCO.
@Suite struct MasksTests {
  static func file(segmentation: String) -> String {
    """
    {"images": [{"id": 1, "coco_url": "http://images/train2017/a.jpg", "width": 4, "height": 3,
       "neg_category_ids": [2, 5], "not_exhaustive_category_ids": [7]}],
     "annotations": [
      {"id": 3, "image_id": 1, "category_id": 2, "area": 1, "bbox": [0, 0, 1, 1]},
      {"id": 9, "image_id": 1, "category_id": 2, "area": 1, "bbox": [0, 0, 1, 1],
       "segmentation": \(segmentation)}],
     "categories": [{"id": 2, "name": "a", "frequency": "c", "def": "some a", "image_count": 11,
       "instance_count": 40}, {"id": 5, "name": "b", "frequency": "r"},
       {"id": 7, "name": "c", "frequency": "f"}]}
    """
  }

  private func read(segmentation: String) throws -> COCODataset {
    try COCODataset(json: Array(Self.file(segmentation: segmentation).utf8), source: "set.json")
  }

  /// Columns 1 and 2 of four, rows 0 and 1 of three.
  @Test(arguments: [
    "[[1, 0, 3, 0, 3, 2, 1, 2]]", "[[1,0,2,0,2,2,1,2], [2,0,3,0,3,2,2,2], [0,0,9,9]]",
    "{\"size\": [3, 4], \"counts\": [3, 2, 1, 2, 4]}", "{\"counts\":\"32103\",\"size\":[3,4]}",
  ])
  func everyFormGivesTheMask(segmentation: String) throws {
    let dataset = try read(segmentation: segmentation)
    let mask = try #require(try dataset.mask(of: dataset.annotations[1]))
    #expect(mask.runs == [3, 2, 1, 2, 4])
    #expect(try dataset.mask(of: dataset.annotations[0]) == nil)
    try dataset.validateMasks()
  }

  @Test(arguments: ["null", "[]", "[ [ ] ]"])
  func noOutlineIsNoMask(segmentation: String) throws {
    let dataset = try read(segmentation: segmentation)
    #expect(try dataset.mask(of: dataset.annotations[1]) == nil)
  }

  @Test(arguments: [
    ("[[1, 0, 3, 0, 3, 2, 1]]", "[0]", "7 numbers"), ("[[1, 0, 3, \"0\"]]", "[0][3]", "\"0\""),
    ("[[1, 0, 3, 1e7]]", "[0][3]", "1e7"), ("[[1, 2,, 3]]", "[0][2]", ", 3"),
    ("5", "", "5"), ("{\"counts\": [12]}", "", "size"),
    ("{\"size\": [4, 3], \"counts\": [12]}", ".size", "[4, 3]"),
    ("{\"size\": [3, 4], \"counts\": [11]}", ".counts", "11"),
    ("{\"size\": [3, 4], \"counts\": [4, -1]}", ".counts", "-1"),
    ("{\"size\": [3, 4], \"counts\": \"3~\"}", ".counts", "3~"),
  ])
  func whatIsWrongIsNamed(segmentation: String, place: String, got: String) throws {
    let dataset = try read(segmentation: segmentation)
    let error = #expect(throws: InputError.self) { try dataset.validateMasks() }
    let line = error?.description ?? ""
    #expect(line.hasPrefix("set.json: annotations[1].segmentation\(place)"), "\(line)")
    #expect(line.contains(got) && !line.contains("\n"))
  }

  /// A file that is replaced after it was read is still read as it was.
  @Test func masksComeFromTheFileThatWasRead() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/set.json"
      try Files.write(Data(Self.file(segmentation: "[[0,0,4,0,4,3,0,3]]").utf8), to: path)
      let dataset = try COCODataset(path: path)
      try Files.write(Data("{}".utf8), to: path)
      #expect(try dataset.mask(of: dataset.annotations[1])?.area == 12)
    }
  }

  @Test func whatLVISAdds() throws {
    let dataset = try read(segmentation: "[]")
    #expect(dataset.images[0].fileName == "a.jpg" && dataset.images[0].addressFolder == "train2017")
    #expect(dataset.images[0].negativeCategoryIDs == [2, 5])
    #expect(dataset.images[0].notExhaustiveCategoryIDs == [7])
    let category = dataset.categories[0]
    #expect(category.definition == "some a" && category.imageCount == 11)
    #expect(category.instanceCount == 40)
    let split = try dataset.splitByFrequency(source: "set.json")
    #expect(split.base == ["a", "c"] && split.novel == ["b"])
  }

  /// LVIS's validation images lie in two folders of COCO.
  @Test func anAddressLeadsToItsFolder() throws {
    try withTemporaryFolder { folder in
      let dataset = try read(segmentation: "[]")
      #expect(throws: InputError.self) { try ImageFiles(of: dataset, in: folder) }
      try Files.createFolder("\(folder)/train2017")
      try Files.write(Data(), to: "\(folder)/train2017/a.jpg")
      func path() throws -> String {
        try ImageFiles(of: dataset, in: folder).path(of: dataset.images[0])
      }
      #expect(try path() == "\(folder)/train2017/a.jpg")
      try Files.write(Data(), to: "\(folder)/a.jpg")
      #expect(try path() == "\(folder)/a.jpg")
    }
  }

  /// The area that LVIS's authors wrote beside each outline is its mask's, but for the rounding of
  /// edges.
  @Test(.enabled(if: Shared.has("eval/lvis_100/lvis_val_100.json")))
  func realOutlinesHaveTheirAreas() throws {
    let dataset = try COCODataset(path: Shared.path("eval/lvis_100/lvis_val_100.json"))
    var areas = (mask: 0.0, file: 0.0)
    for annotation in dataset.annotations {
      areas.mask += Double(try #require(try dataset.mask(of: annotation)).area)
      areas.file += annotation.area
    }
    #expect(abs(areas.mask - areas.file) < 0.02 * areas.file, "\(areas)")
    let split = try dataset.splitByFrequency(source: "lvis")
    #expect(split.novel.count == dataset.categories.count { $0.frequency == .rare })
  }

  @Test(.enabled(if: Shared.has("eval/cocoapi_100/instances_val2014_100.json")))
  func realCrowdsHaveMasks() throws {
    let dataset = try COCODataset(path: Shared.path("eval/cocoapi_100/instances_val2014_100.json"))
    try dataset.validateMasks()
    // What pycocotools counts; the areas in the file are larger.
    let crowds = dataset.annotations.filter(\.isCrowd)
    #expect(
      try crowds.map { try dataset.mask(of: $0)?.area } == [
        38731, 10513, 6341, 133_271, 5400, 6698, 467, 31490, 19830,
      ])
  }
}
