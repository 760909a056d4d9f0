import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct ImageChoiceTests {
  /// COCO's form: images 11, 12, ... with one object each.
  private func write(_ names: [String], key: String = "file_name", to path: String) throws {
    let images = names.enumerated().map { index, name -> [String: Any] in
      ["id": index + 11, key: name, "width": 10, "height": 10]
    }
    let annotations = names.indices.map { index -> [String: Any] in
      [
        "id": index + 1, "image_id": index + 11, "category_id": 1, "bbox": [0, 0, 2, 2], "area": 4,
        "iscrowd": 0,
      ]
    }
    let categories: [[String: Any]] = [["id": 1, "name": "cat"], ["id": 2, "name": "dog"]]
    try Files.write(
      JSONSerialization.data(
        withJSONObject: ["images": images, "annotations": annotations, "categories": categories]),
      to: path)
  }

  private func choose(
    _ names: [String], list: String, key: String = "file_name"
  ) throws -> COCODataset {
    try withTemporaryFolder { folder in
      try write(names, key: key, to: "\(folder)/set.json")
      try Files.write(Data(list.utf8), to: "\(folder)/list.txt")
      return try COCODataset(
        path: "\(folder)/set.json", choosing: ImageChoice(list: "\(folder)/list.txt"))
    }
  }

  private static let names = ["a/000000000007.jpg", "a/x y.jpg", "b/c.png", "d.jpg"]

  @Test(arguments: [
    ("d.jpg", [14]), ("c", [13]), ("b/c", [13]), ("c.png", [13]), ("12\n11", [11, 12]),
    ("x y", [12]), ("x y.jpg 1\n", [12]), ("\u{FEFF}# a comment\r\n\r\n  d  \r\nd.jpg\n", [14]),
    ("000000000007 -1\nd  1\n000000000007.jpg\n", [11, 14]), ("c  -1\nd 0", [14]),
  ])
  func aListKeepsWhatItNames(list: String, ids: [Int]) throws {
    let dataset = try choose(Self.names, list: list)
    #expect(dataset.images.map(\.id) == ids)
    #expect(dataset.annotations.map(\.imageID) == ids)
    #expect(dataset.omittedImageIDs == Set(11...14).subtracting(ids))
    #expect(dataset.categories.map(\.name) == ["cat", "dog"])
  }

  /// LVIS gives addresses, of which a list has the file's name or the end.
  @Test(arguments: ["000000391895", "train2017/000000391895.jpg", "11"])
  func lvisNames(list: String) throws {
    let dataset = try choose(
      ["http://images.cocodataset.org/train2017/000000391895.jpg", "http://x/val2017/3.jpg"],
      list: list, key: "coco_url")
    #expect(dataset.images.map(\.fileName) == ["000000391895.jpg"])
    #expect(dataset.images[0].addressFolder == "train2017")
  }

  @Test(arguments: [
    ("d.jpg\nb/d.png", "line 2", "no such image", "is it 'b/c.png'?"),
    ("e\nf\nd", "line 1", "none of 2 images", "'e'"),
    ("", "list.txt", "names no image", "file name"),
    ("# nothing\n\n", "list.txt", "names no image", "file name"),
    ("d -1\nc -1", "list.txt", "every image as absent", "-1"),
  ])
  func aListThatDoesNotFitIsNamed(
    list: String, place: String, what: String, more: String
  ) throws {
    let error = try #require(throws: InputError.self) { try choose(Self.names, list: list) }
    let line = error.description
    #expect(line.contains(place) && line.contains(what) && line.contains(more), "\(line)")
    #expect(error.kind == .badData)
  }

  /// A name in full goes before the same name in another folder; otherwise two are too many.
  @Test func aNameOfTwoImages() throws {
    #expect(try choose(["a/d.jpg", "d.jpg"], list: "d.jpg").images.map(\.id) == [12])
    let error = try #require(throws: InputError.self) {
      try choose(["a/d.jpg", "b/d.jpg"], list: "d.jpg")
    }
    #expect(error.what == "the name might mean two images")
    #expect(error.expected == "'a/d.jpg' or 'b/d.jpg'")
    // Is "12" the second image, or the one with the id of the second?
    #expect(throws: InputError.self) { try choose(["12.jpg", "11.jpg"], list: "12") }
  }

  @Test func aListThatIsNoTextOrNotThere() throws {
    try withTemporaryFolder { folder in
      try write(["a.jpg"], to: "\(folder)/set.json")
      try Files.write(Data([0xFF, 0xFE, 0x41]), to: "\(folder)/list.txt")
      for (name, kind) in [("list.txt", InputError.Kind.badData), ("no.txt", .missingInput)] {
        let error = #expect(throws: InputError.self) {
          try COCODataset(
            path: "\(folder)/set.json", choosing: ImageChoice(list: "\(folder)/\(name)"))
        }
        #expect(error?.kind == kind && error?.place == "\(folder)/\(name)")
      }
    }
  }

  /// Kept are the same photographs whatever the order, the folder or the form of the annotations,
  /// and a larger limit adds to them.
  @Test func aLimitKeepsTheSameImagesEverywhere() throws {
    let names = (1...40).map { "photo-\($0).jpg" }
    func kept(_ names: [String], _ limit: Int, seed: UInt64 = 0) throws -> [String] {
      try withTemporaryFolder { folder in
        try write(names, to: "\(folder)/set.json")
        return try COCODataset(
          path: "\(folder)/set.json", choosing: ImageChoice(limit: limit, seed: seed)
        ).images.map(\.fileName)
      }
    }
    let ten = try kept(names, 10)
    #expect(ten.count == 10 && ten == names.filter(ten.contains))
    #expect(ten != Array(names.prefix(10)))
    // Written down once: another machine must keep these.
    #expect(Set(try kept(names, 3)) == ["photo-14.jpg", "photo-30.jpg", "photo-37.jpg"])
    #expect(Set(try kept(names.reversed().map { "sub/\($0)" }, 10)) == Set(ten.map { "sub/\($0)" }))
    #expect(Set(try kept(names, 20)).isSuperset(of: ten))
    #expect(try kept(names, 10, seed: 1) != ten)
    #expect(try kept(names, 40) == names)
    #expect(try kept(names, 41) == names)
  }

  /// Pascal VOC's images keep their ids, and files that are not chosen are not read.
  @Test func pascalVOC() throws {
    try withTemporaryFolder { folder in
      let (annotations, list) = ("\(folder)/Annotations", "\(folder)/list.txt")
      try Files.createFolder(annotations)
      for name in ["000001", "000003"] {
        try Files.write(Data(PascalVOCTests.good.utf8), to: "\(annotations)/\(name).xml")
      }
      try Files.write(Data("not XML".utf8), to: "\(annotations)/000002.xml")
      func choose(_ text: String, limit: Int? = nil) throws -> COCODataset {
        try Files.write(Data(text.utf8), to: list)
        return try COCODataset(path: annotations, choosing: ImageChoice(list: list, limit: limit))
      }
      let dataset = try choose("000003  1\n000002 -1\n")
      #expect(dataset.images.map(\.id) == [3] && dataset.omittedImageIDs == [1, 2])
      #expect(dataset.annotationFiles == ["\(annotations)/000003.xml"])
      #expect(dataset.annotations.map(\.imageID) == [3, 3])
      #expect(try choose("000001.jpg\n000003.xml").images.map(\.id) == [1, 3])
      let limited = try choose("000001\n000003", limit: 1)
      #expect(limited.isVOC && limited.annotationFiles.count == 1)
      #expect(limited.omittedImageIDs.count == 2)
      let error = #expect(throws: InputError.self) { try choose("000001\n00003") }
      #expect(error?.place == "\(list) line 2" && error?.hint == "is it '000003'?")
      // An id is not a name here: it says nothing that a user could know.
      #expect(throws: InputError.self) { try choose("3") }
    }
  }
}
