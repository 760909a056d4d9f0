import Foundation
import Support
import TestSupport
import Testing

extension EndToEnd {
  /// Inputs that users of other projects have reported, in the shared `cases`: each gives the plain
  /// case's average precision, or one line that says what is wrong.
  @Suite struct ReportedCasesTests {
    /// Evaluated like the plain case, after messages with these words, one each.
    private static let asPlain: [String: [String]] = [
      "e00_plain": [],
      "e02_float_ids": [], "e02b_float_ids_in_dets_only": [], "e16_iscrowd_float": [],
      "e28_width_height_float": [],
      "e10b_masks_in_dets_null_in_one_truth": ["boxes alone, as masks are not of all: 1 of 4"],
      "e11_polygon_of_4_numbers": ["annotations[0].segmentation[0]: a polygon that covers nothing"],
      "e23_gzip": [], "e27_no_width_height": [], "e27b_width_height_null": [],
      "e25_supercategory_with_same_name": ["categories[0].name: two categories have one name"],
      "e32_det_of_unknown_category": [
        "[5].category_id: the data set has no such category (got 77)"
      ],
      "e35_info_null_and_extras": [], "e35b_synonyms_null": [], "e35c_def_null_frequency_null": [],
      "e35d_coco_url_number": ["images[0].coco_url: wrong value (expected a string, got 0)"],
      "e40_annotation_of_missing_image": ["annotations[4].image_id: no image has this id (got 99)"],
      "e40b_annotation_of_missing_category": [
        "annotations[4].category_id: no category has this id (got 0)"
      ],
      "e71_ignore_null": [],
      "e72_visible_true": ["annotations[0].visible: wrong value (expected a number, got true)"],
      "e73_visible_percent": ["annotations[0].visible: not a share (expected 0 to 1, got 87.5)"],
      "e74_frequency_word": ["categories[0].frequency: unknown frequency (expected r, c or f"],
      "e75_frequency_number": ["categories[0].frequency: wrong value (expected a string, got 12)"],
      "e76_synonyms_string": [
        "categories[0].synonyms: wrong value (expected an array, got \"a, b\")"
      ],
      "l02_lvis_one_image_without_not_exhaustive": [
        "by COCO's protocol, as LVIS's needs every image"
      ],
      "l04_lvis_unknown_category_in_dets": [
        "[5].category_id: the data set has no such category (got 1203)"
      ],
    ]

    /// What refuses the others.
    private static let refused: [String: String] = [
      "e22b_utf16le": "packed by gzip, got text in UTF-16)",
      "voc_ampersand": "a.xml line 1, column 141: malformed XML (got '&' that begins no entity",
      "voc_gbk_undeclared2": "a.xml line 1, column 104: malformed XML (got a character that is not",
    ]

    private static let voc = [
      "voc_appledouble", "voc_name_with_spaces_in_list", "voc_size_missing", "voc_size_zero",
    ]

    private func evaluate(
      _ annotations: String, _ detections: String, _ more: String...
    ) throws -> (Outcome, report: [String: Any]) {
      try withTemporaryFolder { folder in
        let report = "\(folder)/report.json"
        let outcome = try Vild(
          [
            "evaluate", "--annotations", annotations, "--detections", detections, "--report",
            report,
          ]
            + more
        ).ended()
        let data = try? Files.read(report)
        let values = try data.map { try JSONSerialization.jsonObject(with: $0) }
        return (outcome, values as? [String: Any] ?? [:])
      }
    }

    /// Of all categories, of boxes.
    private func scores(_ report: [String: Any]) throws -> [String: Double] {
      let first = try #require((report["evaluations"] as? [[String: Any]])?.first)
      #expect(first["iou_type"] as? String == "bbox")
      let groups = try #require(first["groups"] as? [[String: Any]])
      let group = try #require(groups.first { $0["name"] as? String == "all" })
      return try #require(group["scores"] as? [String: Double])
    }

    private func expectMessages(_ outcome: Outcome, _ words: [String], _ name: String) {
      let warnings = outcome.messages.filter { $0.hasPrefix("warning: ") }
      #expect(warnings.count == words.count, "\(name): \(outcome.messages)")
      for word in words {
        #expect(warnings.contains { $0.contains(word) }, "\(name): \(outcome.messages)")
      }
      #expect(outcome.complaints.isEmpty, "\(name): \(outcome.complaints)")
    }

    /// Nothing a terminal would take for an order.
    private func expectPlainText(_ outcome: Outcome, _ name: String) {
      #expect(!outcome.errors.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(name)")
    }

    @Test(.enabled(if: Shared.has("cases/annotations")))
    func annotationsAsPlain() throws {
      for (name, words) in Self.asPlain {
        let folder = Shared.path("cases/annotations/\(name)")
        let (outcome, report) = try evaluate("\(folder)/truth.json", "\(folder)/dets.json")
        #expect(outcome.status == 0, "\(name): \(outcome.errors)")
        expectMessages(outcome, words, name)
        let precision = try #require(try scores(report)["AP"], "\(name)")
        #expect(abs(precision - 0.744554) < 1e-6, "\(name)")
        expectPlainText(outcome, name)
      }
    }

    @Test(.enabled(if: Shared.has("cases/annotations")))
    func strictRefuses() throws {
      for name in [
        "e32_det_of_unknown_category", "l04_lvis_unknown_category_in_dets",
        "e40_annotation_of_missing_image", "e40b_annotation_of_missing_category",
      ] {
        let folder = Shared.path("cases/annotations/\(name)")
        let (outcome, _) = try evaluate("\(folder)/truth.json", "\(folder)/dets.json", "--strict")
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(name): \(outcome.errors)")
        let word = try #require(Self.asPlain[name]?.first)
        #expect(outcome.complaints.first?.contains(word) == true, "\(name): \(outcome.complaints)")
      }
    }

    @Test(.enabled(if: Shared.has("cases/annotations")))
    func masksNeedSizes() throws {
      let folder = Shared.path("cases/annotations/e11_polygon_of_4_numbers")
      let (outcome, report) = try evaluate(
        "\(folder)/truth.json", "\(folder)/dets.json", "--iou-type", "bbox")
      #expect(outcome.status == 0)
      #expect(abs(try #require(try scores(report)["AP"]) - 0.744554) < 1e-6)
      for name in ["e27_no_width_height", "e27b_width_height_null"] {
        let folder = Shared.path("cases/annotations/\(name)")
        let (outcome, _) = try evaluate(
          "\(folder)/truth.json", "\(folder)/dets.json", "--iou-type", "segm")
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(name)")
      }
    }

    @Test(.enabled(if: Shared.has("cases/annotations")))
    func refusedInOneLine() throws {
      for (name, words) in Self.refused {
        let folder = Shared.path("cases/annotations/\(name)")
        let truth = name.hasPrefix("voc") ? "Annotations" : "truth.json"
        let (outcome, _) = try evaluate(
          "\(folder)/\(truth)", Shared.path("cases/annotations/e00_plain/dets.json"))
        #expect(outcome.status == 65 && outcome.complaints.count == 1, "\(name): \(outcome.errors)")
        #expect(outcome.complaints.first?.contains(words) == true, "\(name): \(outcome.errors)")
        expectPlainText(outcome, name)
      }
    }

    /// One cat on one image, whose detection is a cat's by the names' places in VOC's list.
    @Test(.enabled(if: Shared.has("cases/annotations")))
    func pascalVOC() throws {
      for name in Self.voc {
        let folder = Shared.path("cases/annotations/\(name)")
        let isList = name == "voc_name_with_spaces_in_list"
        let truth = isList ? "ImageSets/Main/test.txt" : "Annotations"
        try withTemporaryFolder { place in
          let detections = "\(place)/dets.json"
          let cat = #"[{"image_id": 1, "category_id": 8, "bbox": [9, 19, 91, 91], "score": 0.9}]"#
          try Files.write(Data(cat.utf8), to: detections)
          let (outcome, report) = try evaluate("\(folder)/\(truth)", detections)
          #expect(outcome.status == 0 && outcome.output.contains("\n1 image, 1 detection\n"))
          expectMessages(outcome, [], name)
          #expect(try scores(report)["AP50"] == 1, "\(name): \(outcome.output)")
        }
      }
    }
  }
}
