import Foundation
import Support
import Teacher
import TestSupport
import Testing

@Suite struct PromptTemplatesTests {
  @Test func theNameGoesInAsItIs() throws {
    #expect(PromptTemplates.conse.prompts(for: "T-shirt {}")[1] == "a T-shirt {}.")
    #expect(try PromptTemplates(["{}"]).prompts(for: "bat_(Animal).") == ["bat_(Animal)."])
    #expect(
      try PromptTemplates(["{article}: {}"]).prompts(for: "{article} x") == ["a: {article} x"])
  }

  @Test func theReleasesPromptsByHand() {
    let prompts = PromptTemplates.vild.prompts(for: "Elk/ice_axe_(tool)..")
    #expect(prompts.count == 63)
    #expect(prompts[0] == "There is a elk or ice axe (tool) in the scene.")
    #expect(prompts[2] == "This is a photo of a elk or ice axe (tool) in the scene.")
    #expect(prompts[5] == "itap of a elk or ice axe (tool).")
    #expect(prompts[51] == "This is a plastic elk or ice axe (tool).")
    #expect(prompts[52] == "This is the plastic elk or ice axe (tool).")
    #expect(prompts[59] == "This is an embroidered elk or ice axe (tool).")
    #expect(PromptTemplates.vild.prompts(for: "oven")[8] == "This is a photo of an oven.")
    #expect(PromptTemplates.single.prompts(for: "ice_axe") == ["a photo of an ice axe."])
    #expect(PromptTemplates.clip.prompts(for: "ice_axe")[0] == "a bad photo of a ice axe.")
  }

  /// "This is " also goes before a name that begins with "a", as in the release.
  @Test func thisIsLooksAtTheWholePrompt() throws {
    let templates = try PromptTemplates(["{}", "itap of {}"], thisIs: true)
    #expect(templates.prompts(for: "awl") == ["This is awl", "itap of awl"])
    #expect(templates.prompts(for: "theatre")[0] == "This is theatre")
    #expect(templates.prompts(for: "tie")[0] == "tie")
  }

  @Test func articles() {
    for (name, release, english) in [
      ("cat", "a", "a"), ("oven", "an", "an"), ("Elk", "a", "an"), ("hour", "a", "an"),
      ("hourglass", "a", "an"), ("honey", "a", "a"), ("heirloom", "a", "an"),
      ("unicorn", "an", "a"), ("uniform", "an", "a"), ("unidentified object", "an", "an"),
      ("uninhabited isle", "an", "an"), ("umbrella", "an", "an"), ("urinal", "an", "a"),
      ("urn", "an", "an"), ("utensil", "an", "a"), ("usher", "an", "an"), ("used car", "an", "a"),
      ("euphonium", "an", "a"), ("ukulele", "an", "a"), ("one-way sign", "an", "a"),
      ("onion", "an", "an"), ("iPod", "an", "an"), ("SUV", "a", "an"), ("UFO", "a", "a"),
      ("CD_player", "a", "a"), ("MP3 player", "a", "an"), ("X-ray", "a", "an"),
      ("x-ray", "a", "an"), ("t-shirt", "a", "a"), ("(American) football", "a", "an"),
      ("éclair", "a", "an"), ("8-ball", "a", "a"), ("", "a", "a"),
    ] {
      #expect(Article.release(name) == release, "\(name)")
      #expect(Article.english(name) == english, "\(name)")
    }
  }

  @Test func setsHaveTheirSizes() throws {
    let sizes = ["vild": 63, "clip": 80, "single": 1, "conse": 4]
    #expect(PromptTemplates.named.count == sizes.count)
    for (name, templates) in PromptTemplates.named {
      #expect(templates.templates.count == sizes[name])
      #expect(Set(templates.templates).count == sizes[name])
      #expect(try PromptTemplates(named: name) == templates)
      // Every set also passes the checks of a user's own.
      _ = try PromptTemplates(templates.templates)
    }
    let error = #expect(throws: InputError.self) { try PromptTemplates(named: "vld") }
    #expect(error?.expected == "vild, clip, single, conse")
  }

  @Test(.enabled(if: Shared.has("vocabularies")))
  func setsEqualTheirSources() throws {
    struct Release: Decodable {
      var multiple_templates, single_template: [String]
    }
    let vild = try JSONDecoder().decode(
      Release.self, from: Files.read(Shared.path("vocabularies/vild_prompt_templates_63.json")))
    #expect(PromptTemplates.vild.templates == vild.multiple_templates)
    #expect(PromptTemplates.single.templates == vild.single_template)
    let clip = try JSONDecoder().decode(
      [String].self,
      from: Files.read(Shared.path("vocabularies/openai_imagenet_templates_80.json")))
    #expect(PromptTemplates.clip.templates == clip.map { $0.replacing("{c}", with: "{}") })
  }

  @Test func descriptions() throws {
    #expect(
      "\(PromptTemplates.vild)"
        == "the 63 templates 'vild', articles by 'release', names cleaned by 'release', "
        + "with 'This is'")
    #expect("\(PromptTemplates.conse)" == "the 4 templates 'conse', names as they are")
    #expect("\(try PromptTemplates(["x {}"]))" == "the template 'x {}', names as they are")
  }

  @Test(arguments: [
    [], ["a photo"], ["{} or {}"], ["{}", ""], ["a photo of a {c}."], ["{artcle} {}"], ["{} }"],
  ])
  func wrongTemplatesAreRefused(templates: [String]) {
    let error = #expect(throws: InputError.self) { try PromptTemplates(templates) }
    #expect(error?.kind == .configuration)
  }

  @Test func survivesJSON() throws {
    var templates = PromptTemplates.vild
    templates.article = .english
    let data = try JSONEncoder().encode(templates)
    #expect(try JSONDecoder().decode(PromptTemplates.self, from: data) == templates)
    let wrong = #"{"templates":[],"article":"release","clean_up":"none","this_is":false}"#
    #expect(throws: InputError.self) {
      try JSONDecoder().decode(PromptTemplates.self, from: Data(wrong.utf8))
    }
  }

  @Test func aFileOfOnesOwn() throws {
    func read(_ text: String) throws -> PromptTemplates {
      try withTemporaryFolder { folder in
        try Files.write(Data(text.utf8), to: "\(folder)/t")
        return try PromptTemplates(path: "\(folder)/t", cleanUp: .release)
      }
    }
    let expected = try PromptTemplates(["a {}", "my {}"], cleanUp: .release)
    #expect(try read("# mine\r\na {}\r\n\n  my {}") == expected)
    #expect(try read(#" ["a {}", "my {}"]"#) == expected)
    for text in ["", "[3]", "[", "photo"] {
      let error = #expect(throws: InputError.self) { try read(text) }
      #expect(error?.kind == .badData && error?.place?.hasSuffix("/t") == true, "\(text)")
    }
  }
}
