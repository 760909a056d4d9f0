import Datasets
import Emoji
import Foundation
import Images
import Regions
import Support
import TestSupport
import Testing

@Suite struct SampleFolderTests {
  private let parameters = SampleParameters(
    images: 110, validationImages: 20, categories: 20, size: 160, seed: 4)

  private func write(
    _ folder: String, _ parameters: SampleParameters? = nil, styles: [SceneStyle] = []
  ) throws {
    try SampleFolder(
      folder, parameters: parameters ?? self.parameters, styles: styles,
      catalogue: try catalogue()
    ).write(on: .silent)
  }

  /// Every file of the folder with its bytes.
  private func content(_ folder: String) throws -> [String: Data] {
    var files = [String: Data]()
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let path = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      if !isFolder.boolValue { files[name] = try Files.read(path) }
    }
    return files
  }

  @Test func theDataSetReadsBack() throws {
    try withTemporaryFolder { folder in
      try write(folder)
      let train = try COCODataset(path: "\(folder)/train.json")
      let val = try COCODataset(path: "\(folder)/val.json")
      #expect(train.images.count == 110 && val.images.count == 20)
      #expect(
        train.categories.count == 20 && val.categories.map(\.id) == train.categories.map(\.id))
      let split = try CategorySplit(path: "\(folder)/split.json", of: train.categories.map(\.name))
      #expect(try split == train.splitByFrequency(source: "train.json"))
      for (half, data) in [("train", train), ("val", val)] {
        try check(data, folder: "\(folder)/\(half)")
      }
      for category in train.categories {
        let images = try #require(category.imageCount)
        let frequency: COCODataset.Category.Frequency =
          images <= 10 ? .rare : images <= 100 ? .common : .frequent
        #expect(category.frequency == frequency && images > 0)
      }
    }
  }

  private func check(_ data: COCODataset, folder: String) throws {
    for image in data.images {
      let picture = try Image.read("\(folder)/\(image.fileName)", orientation: .stored)
      #expect(picture.width == image.width && picture.height == image.height)
      #expect(max(image.width, image.height) == 160)
      let present = Set(data.annotations(of: image.id).map(\.categoryID))
      let negative = try #require(image.negativeCategoryIDs)
      #expect(present.isDisjoint(with: negative))
      #expect(negative.count == min(25, 20 - present.count))
      #expect(image.notExhaustiveCategoryIDs == [])
    }
    for annotation in data.annotations {
      let mask = try #require(try data.mask(of: annotation))
      let bounds = try #require(mask.bounds)
      #expect(
        annotation.bbox == [bounds.x0, bounds.y0, bounds.width, bounds.height].map(Double.init))
      #expect(annotation.area == Double(mask.area) && !annotation.isCrowd)
      #expect(try 0.2...1 ~= #require(annotation.visible))
    }
    // Some are hidden in part, most are not.
    #expect(data.annotations.contains { $0.visible! < 0.8 })
    #expect(data.annotations.count { $0.visible! > 0.95 } * 2 > data.annotations.count)
    let instances = Dictionary(grouping: data.annotations, by: \.categoryID)
    for category in data.categories {
      let found = instances[category.id, default: []]
      #expect(category.instanceCount == found.count)
      #expect(category.imageCount == Set(found.map(\.imageID)).count)
    }
  }

  @Test func theSameParametersGiveTheSameBytes() throws {
    try withTemporaryFolder { folder in
      try write("\(folder)/a")
      try write("\(folder)/b")
      let first = try content("\(folder)/a")
      #expect(try content("\(folder)/b") == first)
      #expect(first.keys.count == 110 + 20 + 4)
      var other = parameters
      other.seed = 5
      try write("\(folder)/c", other)
      #expect(
        try content("\(folder)/c")["train/000000000001.jpg"] != first["train/000000000001.jpg"])
    }
  }

  @Test func anInterruptedRunGoesOn() throws {
    try withTemporaryFolder { folder in
      try write("\(folder)/a")
      let whole = try content("\(folder)/a")
      // As after a kill: the record says nothing is complete, some images are there.
      let record = "\(folder)/a/sample.json"
      let text = String(decoding: try Files.read(record), as: UTF8.self)
      let begun = try #require(text.firstRange(of: #/"complete" : \{[^}]*\}/#))
      try Files.write(
        Data(text.replacingCharacters(in: begun, with: "\"complete\" : {}").utf8), to: record)
      for name in ["train.json", "val.json", "train/000000000007.jpg", "val/000000000001.jpg"] {
        try FileManager.default.removeItem(atPath: "\(folder)/a/\(name)")
      }
      try Files.createFolder("\(folder)/a/train.pieces")
      try Files.write(Data("half".utf8), to: "\(folder)/a/train.pieces/000000000007.jpg")
      try write("\(folder)/a")
      #expect(try content("\(folder)/a") == whole)
    }
  }

  @Test func stylesAreAddedLater() throws {
    try withTemporaryFolder { folder in
      try write(folder)
      let before = try content(folder)
      try write(folder, styles: [.grey])
      let after = try content(folder)
      #expect(
        after.filter { !$0.key.hasPrefix("val-grey/") && $0.key != "sample.json" }
          == before.filter { $0.key != "sample.json" })
      #expect(after.keys.count { $0.hasPrefix("val-grey/") } == 20)
      let sample = try SampleFolder(
        folder, parameters: parameters, styles: [.grey], catalogue: try catalogue())
      #expect(try sample.isComplete())
    }
  }

  @Test func otherContentIsRefused() throws {
    try withTemporaryFolder { folder in
      try Files.write(Data(), to: "\(folder)/thesis.txt")
      expect("the folder holds something else", .cannotCreate) { try write(folder) }
      try write("\(folder)/a")
      var other = parameters
      other.size = 200
      expect("the folder holds scenes of other parameters", .cannotCreate) {
        try write("\(folder)/a", other)
      }
      try Files.write(Data("{}".utf8), to: "\(folder)/a/sample.json")
      expect("not the record of a data set of scenes", .badData) { try write("\(folder)/a") }
      other.categories = 798
      expect("so many categories are not in the catalogue", .usage) {
        try write("\(folder)/b", other)
      }
      try Files.write(Data(), to: "\(folder)/file")
      expect("cannot create the folder", .cannotCreate) { try write("\(folder)/file/a") }
    }
  }

  private func expect(_ what: String, _ kind: InputError.Kind, _ body: () throws -> Void) {
    let error = #expect(throws: InputError.self) { try body() }
    #expect(error?.what == what && error?.kind == kind, "\(error.map { "\($0)" } ?? "")")
  }
}
