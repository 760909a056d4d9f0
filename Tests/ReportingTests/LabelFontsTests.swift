import Images
import Reporting
import Support
import Testing

@Suite struct LabelFontsTests {
  private func installed(_ names: [String], _ files: [LabelFont.File]) -> [String] {
    var said: [String] = []
    _ = LabelFont.installed(for: names, files: files) { said.append($0) }
    return said
  }

  /// Without the first font letters are built in, and both is said: what is missing, and for which
  /// names that matters.
  @Test func missingFontsAreSaid() {
    let none = [LabelFont.File(path: "/nowhere/a.ttf", package: "fonts-a")]
    #expect(
      installed(["cat"], none) == [
        "WARNING: pictures have built-in letters, which are plain and Latin only: /nowhere/a.ttf: no "
          + "such font; install Debian's package fonts-a"
      ])
    #expect(
      installed(["cat", "猫", "кот"], none).last
        == "WARNING: 2 of 3 names have letters that are drawn as boxes, such as '猫'; install Debian's "
        + "fonts-a")
  }

  /// Whatever of Debian's fonts is there is used, if it has Latin letters.
  @Test(
    .enabled(if: Files.exists(LabelFont.files[1].path), "fonts-droid-fallback is not installed"),
    .enabled(if: Files.exists(LabelFont.files[2].path), "fonts-unifont is not installed"))
  func fontsThatAreThere() {
    let none = LabelFont.File(path: "/nowhere/a.ttf", package: "fonts-a")
    let (chinese, all) = (LabelFont.files[1], LabelFont.files[2])
    #expect(installed(["cat", "猫"], [none, chinese, all]).isEmpty)
    #expect(installed(["cat"], [none, chinese]).first?.hasPrefix("WARNING: pictures have") == true)
    #expect(
      installed(["cat", "\u{10FFFC}"], [none, all, none]) == [
        "WARNING: 1 of 2 names have letters that are drawn as boxes, such as '\u{10FFFC}'; install "
          + "Debian's fonts-a"
      ])
  }
}
