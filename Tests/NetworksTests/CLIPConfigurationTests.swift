import Foundation
import Networks
import Support
import Tensors
import TestSupport
import Testing

@Suite struct CLIPConfigurationTests {
  private func read(_ text: String) throws -> CLIPConfiguration {
    try withTemporaryFolder { folder in
      try Files.write(Data(text.utf8), to: "\(folder)/config.json")
      return try CLIPConfiguration(path: "\(folder)/config.json")
    }
  }

  @Test func sizesAreThoseOfTheFile() throws {
    let found = try CLIPConfiguration(path: fixture("Goldens/clip-tiny.json"))
    #expect(found.transformer.transformer.width == 24 && found.transformer.transformer.heads == 3)
    #expect(found.transformer.imageSize == 20 && found.transformer.patches == 4)
    #expect(found.text.vocabulary == 60 && found.text.positions == 10 && found.text.endOfText == 50)
    #expect(found.text.projection == 12)
  }

  /// What transformers takes a file for that says nothing: clip-vit-base-patch32.
  @Test func missingKeysHaveTheDefaultsOfTransformers() throws {
    let base = CLIPConfiguration(
      vision: .transformer(
        .init(
          transformer: .init(
            width: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU),
          imageSize: 224, patchSize: 32, projection: 512)),
      text: .init(
        transformer: .init(
          width: 512, intermediate: 2048, layers: 12, heads: 8, activation: .quickGELU),
        vocabulary: 49408, positions: 77, endOfText: 49407, projection: 512))
    #expect(try read(#"{"model_type": "clip"}"#) == base)
    #expect(try read(#"{"model_type": "clip", "vision_config": null, "text_config": {}}"#) == base)
    var large = base
    large.transformer.patchSize = 14
    #expect(try read(#"{"model_type": "clip", "vision_config": {"patch_size": 14}}"#) == large)
  }

  /// openai/clip-vit-large-patch14 carries both; transformers lets the older one decide alone.
  @Test func theOlderKeyOfATowerDecides() throws {
    let found = try read(
      #"""
      {"model_type": "clip", "text_config": {"hidden_size": 512, "num_hidden_layers": 2},
       "text_config_dict": {"hidden_size": 768, "eos_token_id": 2}, "vision_config_dict": null}
      """#)
    #expect(found.text.transformer.width == 768 && found.text.transformer.layers == 12)
    #expect(found.text.endOfText == nil)
  }

  @Test(
    arguments: [
      (#"{"model_type": "siglip"}"#, "not a CLIP model", #"model_type "clip""#, #""siglip""#),
      (#"{}"#, "not a CLIP model", #"model_type "clip""#, "none"),
      (
        #"{"model_type": "clip", "text_config": {"hidden_act": "relu"}}"#,
        "text_config.hidden_act", "quick_gelu or gelu", "relu"
      ),
      (
        #"{"model_type": "clip", "vision_config": {"num_attention_heads": 5}}"#,
        "vision_config.num_attention_heads", "a divisor of 768", "5"
      ),
      (
        #"{"model_type": "clip", "vision_config": {"image_size": 16}}"#,
        "vision_config.patch_size", "at most the image_size, 16", "32"
      ),
      (
        #"{"model_type": "clip", "vision_config": {"image_size": 99999999999}}"#,
        "vision_config.image_size", "1...1048576", "99999999999"
      ),
      (
        #"{"model_type": "clip", "vision_config": {"num_channels": 4}}"#,
        "vision_config.num_channels", "3", "4"
      ),
      (
        #"{"model_type": "clip", "text_config": {"num_hidden_layers": 0}}"#,
        "text_config.num_hidden_layers", "1...1048576", "0"
      ),
      (
        #"{"model_type": "clip", "text_config": {"vocab_size": "many"}}"#,
        "'text_config.vocab_size' is of the wrong type", nil, nil
      ),
      (#"{"model_type": "clip", "projection_dim": -1}"#, "projection_dim", "1...1048576", "-1"),
      (#"{"model_type": "clip", "projection_dim": 1e300}"#, "", nil, nil),
      (#"[]"#, "not a JSON object", nil, nil),
      (#"{"model_type": "#, "not CLIP's config.json", nil, nil),
    ] as [(String, String, String?, String?)])
  func anUnusableConfigurationSaysWhatIsSupported(
    text: String, what: String, expected: String?, got: String?
  ) throws {
    let error = #expect(throws: InputError.self) { try read(text) }
    #expect(error?.what.contains(what) == true || what.isEmpty, "\(error!)")
    #expect(error?.kind == .badData && error?.place?.hasSuffix("config.json") == true)
    #expect(expected == nil || error?.expected == expected)
    #expect(got == nil || error?.got == got)
  }

  /// Sizes far beyond the file's: an error about the first tensor, not an allocation.
  @Test func sizesThatLieMeetTheTensors() throws {
    let golden = try SafeTensorsFile(path: fixture("Goldens/clip-tiny.safetensors"))
    var lie = try CLIPConfiguration(path: fixture("Goldens/clip-tiny.json"))
    lie.transformer.imageSize = 4096
    lie.transformer.patchSize = 1
    #expect(throws: InputError.self) { try CLIP.load(lie, from: golden) }
  }
}
