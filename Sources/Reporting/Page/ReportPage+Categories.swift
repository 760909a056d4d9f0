import Datasets
import Evaluation

extension ReportPage {
  /// A number of each category: of which run and evaluation, and which figure.
  private struct Column {
    let title: String
    let categories: [String: DetectionEvaluation.Category]
    let figure: String
  }

  private var columns: [Column] {
    runs.flatMap { run in
      run.evaluation.evaluations.flatMap { evaluation -> [Column] in
        let categories = Dictionary(
          evaluation.categories.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let figures = ["AP", "AP50"].filter(evaluation.figures.contains)
        return figures.map { figure in
          let title = "\(figure) \(evaluation.iouType.words)"
          return Column(
            title: runs.count > 1 ? "\(run.name): \(title)" : title, categories: categories,
            figure: figure)
        }
      }
    }
  }

  /// Average precision of each category, to be sorted and searched.
  var categories: Section? {
    var known = Set<String>()
    let categories = runs.flatMap(\.evaluation.boxes.categories).filter {
      known.insert($0.name).inserted
    }
    if categories.isEmpty { return nil }
    let hasFrequency = categories.contains { $0.frequency != nil }
    let hasGroup = categories.contains { $0.group != nil }
    let columns = columns
    let rows = categories.map { category in
      let frequency = category.frequency.map { "\($0)" } ?? ""
      let numbers = columns.map { Self.barCell($0.categories[category.name]?.scores[$0.figure]) }
      return """
        <tr><th scope="row">\(category.name)</th>\
        \(hasFrequency ? "<td class=\"words\">\(frequency)</td>" : HTML.nothing)\
        \(hasGroup ? "<td class=\"words\">\(category.group ?? "")</td>" : HTML.nothing)\
        <td>\(category.truths)</td>\(HTML(numbers))</tr>

        """ as HTML
    }
    return Section(
      id: "categories", title: "Categories",
      content: """
        <form class="filter" hidden>
        <label>Name contains <input type="search" name="name"></label>
        \(hasFrequency ? Self.choice("frequency", ["rare", "common", "frequent"]) : .nothing)\
        \(hasGroup ? Self.choice("group", ["base", "novel"]) : .nothing)\
        <output></output>
        </form>
        <div class="wide tall" tabindex="0" role="region" aria-label="Categories">
        <table class="numbers sortable">
        <caption>Scores in percent; truths are annotated objects that count\
        \(runs.count > 1 ? ", of the first run that has the category" : "").</caption>
        <thead><tr><th scope="col">name</th>\
        \(hasFrequency ? "<th scope=\"col\" class=\"words\">frequency</th>" : .nothing)\
        \(hasGroup ? "<th scope=\"col\" class=\"words\">group</th>" : .nothing)\
        <th scope="col" data-number>truths</th>\
        \(HTML(columns.map { "<th scope=\"col\" data-number>\($0.title)</th>" }))</tr></thead>
        <tbody>
        \(HTML(rows))</tbody>
        </table>
        </div>

        """)
  }

  private static func choice(_ name: String, _ values: [String]) -> HTML {
    """
    <label>\(name) <select name="\(name)"><option value="">all</option>\
    \(HTML(values.map { "<option>\($0)</option>" }))</select></label>

    """
  }
}
