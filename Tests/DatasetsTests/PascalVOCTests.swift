import Datasets
import Foundation
import Support
import TestSupport
import Testing

@Suite struct PascalVOCTests {
  static let good = """
    <annotation>
      <folder>VOC2007</folder> <filename>000005.jpg</filename>
      <size><width>500</width><height>375</height><depth>3</depth></size>
      <object>
        <name>person</name> <difficult>0</difficult>
        <part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>
        <bndbox><xmin>263</xmin><ymin>211</ymin><xmax>324</xmax><ymax>339.5</ymax></bndbox>
      </object>
      <object>
        <name> chair </name> <difficult>1</difficult>
        <bndbox><xmax>4</xmax><xmin>4</xmin><ymin>1</ymin><ymax>375</ymax></bndbox>
      </object>
    </annotation>
    """

  /// A data set of one image at `VOC/Annotations`, with a list of it.
  private func withFolder<Result>(
    _ text: String, _ body: (String) throws -> Result
  ) throws -> Result {
    try withTemporaryFolder { folder in
      try Files.createFolder("\(folder)/VOC/Annotations")
      try Files.createFolder("\(folder)/VOC/ImageSets/Main")
      try Files.write(Data(text.utf8), to: "\(folder)/VOC/Annotations/000005.xml")
      try Files.write(Data("000005  1\n".utf8), to: "\(folder)/VOC/ImageSets/Main/test.txt")
      return try body("\(folder)/VOC")
    }
  }

  /// Corners count from 1 and include the last pixel.
  @Test(arguments: ["Annotations", "ImageSets/Main/test.txt"])
  func readsWhatIsThere(path: String) throws {
    try withFolder(Self.good) { folder in
      let dataset = try COCODataset(path: "\(folder)/\(path)")
      #expect(dataset.isVOC && !dataset.isFederated && !dataset.hasMasks)
      #expect(dataset.images.map(\.fileName) == ["000005.jpg"])
      #expect(dataset.images[0].width == 500 && dataset.images[0].height == 375)
      #expect(dataset.categories.count == 20)
      #expect([9, 15].map { dataset.categories[$0 - 1].name } == ["chair", "person"])
      #expect(
        dataset.annotations.map(\.bbox) == [[262, 210, 62, 129.5], [3, 0, 1, 375]])
      #expect(dataset.annotations.map(\.isIgnored) == [false, true])
      #expect(dataset.annotations.map(\.categoryID) == [15, 9])
      #expect(try COCODataset.categories(path: "\(folder)/\(path)") == dataset.categories)
    }
  }

  /// Only what is there where it is not VOC's own.
  @Test func otherCategoriesAreThoseOfTheObjects() throws {
    try withFolder(Self.good.replacing("> chair <", with: ">stool<")) { folder in
      let dataset = try COCODataset(path: "\(folder)/Annotations")
      #expect(dataset.categories.map(\.name) == ["person", "stool"])
      #expect(dataset.categories.map(\.id) == [1, 2])
    }
  }

  @Test(arguments: [
    ("<width>500", "<width>wide", "size.width"), ("<width>500", "<width>-5", "-5 x 375"),
    ("<xmin>263", "<xmin>26x", "object[0].bndbox.xmin"),
    ("<xmin>4<", "<xmin>5<", "object[1].bndbox"),
    ("<ymin>1</ymin><ymax>375", "<ymax>375", "'ymin'"),
    ("<name> chair </name>", "", "object[1]"), ("<xmin>4<", "<xmin>nan<", "object[1].bndbox.xmin"),
    ("</annotation>", "</annotations>", "malformed XML"),
  ])
  func namesTheMistake(old: String, new: String, words: String) throws {
    #expect(Self.good.contains(old))
    try withFolder(Self.good.replacingOccurrences(of: old, with: new)) { folder in
      let error = #expect(throws: InputError.self) {
        try COCODataset(path: "\(folder)/Annotations")
      }
      let line = error?.description ?? ""
      #expect(line.contains("000005.xml") || line.contains("Annotations: images[0]"), "\(line)")
      #expect(line.contains(words), "\(line)")
      #expect(!line.contains("\n") && error?.kind == .badData)
    }
  }

  @Test(arguments: [
    ("person", "R&D", "line 5, column", "&amp;"),
    ("person", "\u{1}", "line 5, column", "not UTF-8"),
    ("</annotation>", "", "line ", "without its end"),
  ])
  func malformedXMLIsExplained(old: String, new: String, place: String, reason: String) throws {
    try withFolder(Self.good.replacingOccurrences(of: old, with: new)) { folder in
      let error = #expect(throws: InputError.self) {
        try COCODataset(path: "\(folder)/Annotations")
      }
      let line = error?.description ?? ""
      #expect(line.contains("000005.xml \(place)") && line.contains("column"), "\(line)")
      #expect(line.contains(reason) && error?.kind == .badData, "\(line)")
    }
  }

  /// Foundation's parser would trap.
  @Test(arguments: ["person", "name>person"])
  func otherEncodingsAreRefused(old: String) throws {
    try withFolder("") { folder in
      var page = Array(Self.good.utf8)
      let place = try #require(Self.good.range(of: old)).lowerBound.utf16Offset(in: Self.good)
      page.replaceSubrange(place..<place + 1, with: [0xC4, 0xE3])
      let path = "\(folder)/Annotations/000005.xml"
      try Files.write(Data(page), to: path)
      let error = #expect(throws: InputError.self) {
        try COCODataset(path: "\(folder)/Annotations")
      }
      #expect(error?.place?.hasPrefix("\(path) line 5, column ") == true)
      #expect(error?.got?.contains("UTF-8") == true)
    }
  }

  /// Boxes need no size.
  @Test(arguments: [
    ("<size><width>500</width><height>375</height><depth>3</depth></size>", ""),
    ("<height>375</height>", ""), ("<width>500", "<width>0"), ("<width>500", "<width>"),
  ])
  func aSizeMayBeMissing(old: String, new: String) throws {
    try withFolder(Self.good.replacingOccurrences(of: old, with: new)) { folder in
      let dataset = try COCODataset(path: "\(folder)/Annotations")
      #expect(!dataset.images[0].hasSize && dataset.annotations.count == 2)
    }
  }

  /// What macOS puts beside files is none of them; names may end in capitals and hold spaces.
  @Test func namesOfFiles() throws {
    try withFolder(Self.good) { folder in
      let page = Data(Self.good.utf8)
      try Files.write(Data([0, 5, 0x16, 7]), to: "\(folder)/Annotations/._000005.xml")
      try Files.write(page, to: "\(folder)/Annotations/my photo 1.XML")
      try Files.write(page, to: "\(folder)/Annotations/my photo.xml")
      #expect(try COCODataset(path: "\(folder)/Annotations").images.count == 3)
      let list = "\(folder)/ImageSets/Main/test.txt"
      try Files.write(Data("my photo 1\nmy photo -1\n\n000005 1\n".utf8), to: list)
      let dataset = try COCODataset(path: list)
      #expect(
        dataset.annotationFiles.map { String($0.split(separator: "/").last ?? "") }
          == ["my photo 1.XML", "my photo.xml", "000005.xml"])
    }
  }

  @Test func aFolderWithoutAnnotationsAndAMissingFileAreErrors() throws {
    try withTemporaryFolder { folder in
      #expect(throws: InputError.self) { try COCODataset(path: folder) }
    }
    try withFolder(Self.good) { folder in
      let list = "\(folder)/ImageSets/Main/test.txt"
      try Files.write(Data("000006\n".utf8), to: list)
      let error = #expect(throws: InputError.self) { try COCODataset(path: list) }
      #expect(error?.kind == .missingInput && error?.place?.hasSuffix("000006.xml") == true)
    }
  }
}
