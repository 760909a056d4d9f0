import Detection
import Exporting
import Foundation
import Regions
import Support
import TestSupport
import Testing

/// What becomes of parents and attributes in each format, worked out by hand.
@Suite struct AttributeTests {
  private static let attributes = ["red", "<b>, \"x\""]

  /// Calls `body` with a folder, and the path of detections in it.
  private func withDetections(
    attributes: [String] = attributes,
    _ body: (_ folder: String, _ detections: String) throws -> Void
  ) throws {
    let rows = [
      DetectionFile.Row(
        image: "a.jpg", id: 5,
        outcome: .detected(
          [
            Detection(
              box: Box(x0: 0, y0: 0, x1: 5, y1: 10), category: 1, score: 0.5,
              attribute: .init(index: 1, probability: 0.625, categoryProbability: 0.8),
              parentProbability: 0.875, cosine: .init(text: 0.25)),
            Detection(
              box: Box(x0: 5, y0: 5, x1: 10, y1: 10), category: 0, score: 0.25,
              attribute: .init(index: 0, probability: 0.5, categoryProbability: 0.5)),
          ], width: 10, height: 10))
    ]
    try withTemporaryFolder { folder in
      try Samples.write(
        rows, names: ["cat", "beagle"], parents: ["beagle": "dog, & co"], attributes: attributes,
        to: "\(folder)/d.jsonl")
      try body(folder, "\(folder)/d.jsonl")
    }
  }

  @Test func coco() throws {
    try withDetections { folder, detections in
      try Samples.export(detections, as: .coco, to: "\(folder)/c.json")
      #expect(
        try text("\(folder)/c.json") == #"""
          {"info":{"description":"detections by vild"},"licenses":[],"annotations":[
          {"id":1,"image_id":5,"category_id":2,"bbox":[0.0,0.0,5.0,10.0],"area":50.0,"iscrowd":0,"score":0.5,"attributes":{"attribute":"<b>, \"x\""}},
          {"id":2,"image_id":5,"category_id":1,"bbox":[5.0,5.0,5.0,5.0],"area":25.0,"iscrowd":0,"score":0.25,"attributes":{"attribute":"red"}}
          ],"images":[
          {"id":5,"file_name":"a.jpg","width":10,"height":10}
          ],"categories":[
          {"id":1,"name":"cat","supercategory":""},
          {"id":2,"name":"beagle","supercategory":"dog, & co"}
          ]}

          """#)
      try Samples.export(detections, as: .lvis, to: "\(folder)/l.json")
      let lines = try text("\(folder)/l.json").split(separator: "\n")
      #expect(lines[2].hasSuffix(#""score":0.25,"attributes":{"attribute":"red"}}"#))
    }
  }

  @Test func csv() throws {
    try withDetections { folder, detections in
      try Samples.export(detections, as: .csv, to: "\(folder)/t.csv")
      #expect(
        try text("\(folder)/t.csv") == #"""
          image,width,height,category,score,xmin,ymin,xmax,ymax,parent,attribute
          a.jpg,10,10,beagle,0.5,0.0,0.0,5.0,10.0,"dog, & co","<b>, ""x"""
          a.jpg,10,10,cat,0.25,5.0,5.0,10.0,10.0,,red

          """#)
    }
  }

  @Test func labelStudio() throws {
    try withDetections { folder, detections in
      try Samples.export(
        detections, as: .labelStudio, to: "\(folder)/t.json", .init(threshold: 0.5),
        .init(imagePrefix: ""))
      let value = #""x":0.0,"y":0.0,"width":50.0,"height":100.0,"rotation":0"#
      func part(_ type: String, _ tag: String, _ score: String, _ name: String) -> String {
        #"{"id":"1","type":"\#(type)","from_name":"\#(tag)","to_name":"image","#
          + #""original_width":10,"original_height":10,"image_rotation":0,"score":\#(score),"#
          + #""value":{\#(value),"\#(type)":[\#(name)]}}"#
      }
      let box = part("rectanglelabels", "label", "0.5", #""beagle""#)
      let choice = part("choices", "attribute", "0.625", #""<b>, \"x\"""#)
      #expect(
        try text("\(folder)/t.json").split(separator: "\n")[1]
          == #"{"data":{"image":"a.jpg"},"predictions":[{"model_version":"vild","score":0.5,"#
          + #""result":[\#(box),\#(choice)]}]}"#)
      #expect(
        try text("\(folder)/t.config.xml") == """
          <View>
            <Image name="image" value="$image"/>
            <RectangleLabels name="label" toName="image">
              <Label value="cat"/>
              <Label value="beagle"/>
            </RectangleLabels>
            <Choices name="attribute" toName="image" perRegion="true">
              <Choice value="red"/>
              <Choice value="&lt;b&gt;, &quot;x&quot;"/>
            </Choices>
          </View>

          """)
    }
  }

  @Test func cvat() throws {
    try withDetections { folder, detections in
      let path = "\(folder)/c.xml"
      try Samples.export(detections, as: .cvat, to: path)
      let found = try text(path)
      #expect(
        found.contains(
          #"z_order="0"><attribute name="score">0.5</attribute>"#
            + #"<attribute name="attribute">&lt;b&gt;, &quot;x&quot;</attribute></box>"#))
      let label = [
        "        <label>", "          <name>cat</name>", "          <type>any</type>",
        "          <attributes>", "            <attribute>", "              <name>score</name>",
        "              <mutable>False</mutable>", "              <input_type>text</input_type>",
        "              <default_value></default_value>", "              <values></values>",
        "            </attribute>", "            <attribute>",
        "              <name>attribute</name>", "              <mutable>False</mutable>",
        "              <input_type>select</input_type>",
        "              <default_value>red</default_value>", "              <values>red",
        "&lt;b&gt;, &quot;x&quot;</values>", "            </attribute>", "          </attributes>",
        "        </label>",
      ]
      #expect(found.contains(label.joined(separator: "\n") + "\n"))
    }
    try withDetections(attributes: ["red", "a\nb"]) { folder, detections in
      #expect {
        try Samples.export(detections, as: .cvat, to: "\(folder)/c.xml")
      } throws: { "\($0)".contains("an attribute of several lines has no place in CVAT's lists") }
      #expect(!Files.exists("\(folder)/c.xml"))
    }
  }

  /// Ultralytics' form has no place for them.
  @Test func yolo() throws {
    try withDetections { folder, detections in
      try Samples.export(detections, as: .yolo, to: "\(folder)/yolo")
      #expect(
        try text("\(folder)/yolo/labels/a.txt") == "1 0.25 0.5 0.5 1.0\n0 0.75 0.75 0.5 0.5\n")
    }
  }
}
