{{ config(materialized='view') }}
-- What the figures of whole districts and of the area can show, in words. {a} and {b} stand for what was observed and
-- what it is compared with. Findings are questions: each says what was seen and what would settle it, none says why.
select
    k.rule_id,
    cast(k.sort_order as bigint) as sort_order,
    k.subject_type,
    k.title_zh,
    k.title_en,
    k.evidence_zh,
    k.evidence_en,
    k.question_zh,
    k.question_en
from (
    values
    (
        'uncovered_vanished', 1, 'ledger', '未再填报的多为无物业小区', 'Communities no longer reported were mostly unmanaged',
        '本期未再填报的{b}个小区中，{a}个上次填报时没有物业管理',
        '{a} of the {b} communities no longer reported had no management when last reported',
        '请逐个补填，或在“变更情况”中写明去向', 'Report them again, or declare what became of them'
    ),
    (
        'households_shrank', 2, 'ledger', '总户数明显减少', 'Households fell markedly',
        '本期填报的小区共{a}户，上期{b}户', '{a} households reported, {b} in the last ledger',
        '请核对减少最多的小区和未再填报的小区', 'Check the communities that shrank most and those no longer reported'
    ),
    (
        'area_shrank', 3, 'ledger', '总建筑面积明显减少', 'Floor area fell markedly',
        '本期填报的小区共{a}㎡，上期{b}㎡', '{a} ㎡ reported, {b} ㎡ in the last ledger',
        '请核对面积单位（㎡或万㎡）和未再填报的小区', 'Check the unit of area and the communities no longer reported'
    ),
    (
        'rate_rose_by_merging', 4, 'indicator', '合并小区使指标上升', 'A rate rose because communities were merged',
        '分母变化使指标上升{a}个百分点，本期合并减少{b}个小区',
        'the denominator alone raised it by {a} points; {b} communities merged away',
        '请说明合并的依据；按基期名单计算的指标可供对照', 'Say what the mergers rest on; the rate on the first list is there to compare'
    ),
    (
        'not_conserved', 5, 'community', '合并拆分前后户数不一致', 'A merger or split changed the number of households',
        '合并、拆分后共{a}户，此前共{b}户', '{a} households after the merger or split, {b} before it',
        '请核对涉及的各小区户数和“原小区编码”', 'Check the households of the communities involved, and their former codes'
    ),
    (
        'exactly_on_threshold', 6, 'milestone', '恰好达到目标值', 'Exactly on the threshold',
        '达标所需{b}个，报表中恰好{a}个，少一个即不达标', '{b} are needed and {a} are reported; one fewer would miss it',
        '请核对计入分子的各行和佐证材料', 'Check the rows that count, and their evidence'
    ),
    (
        'met_after_resending', 7, 'milestone', '重报后由未达标变为达标', 'Met by a ledger sent again after the due date',
        '首次报送{b}%，到期后重报为{a}%', '{b} % as first sent, {a} % as sent again after the due date',
        '请说明改动依据；逐格改动见报送页', 'Say what the changes rest on; the intake page lists them cell by cell'
    ),
    (
        'identical_rows', 8, 'community', '若干小区数据完全相同', 'Communities with identical figures',
        '{a}个小区的户数、面积、楼栋数完全相同（报表共{b}个小区）', '{a} of {b} communities share households, area and buildings',
        '请核对这几行是否复制而来', 'Check whether these rows were copied'
    ),
    (
        'unchanged_ledger', 9, 'ledger', '台账与上期完全相同', 'Ledger unchanged since the last one',
        '与上期同有的{b}个小区中，{a}个的户数、面积、管理方式、企业、收缴率、公示日期都没有变化',
        '{a} of {b} communities of both ledgers are the same in every figure',
        '请确认是否更新到本期数据截止日期', 'Confirm that the ledger was brought up to date for this period'
    ),
    (
        'all_yes', 10, 'column', '整列全部为“是”', 'A column of nothing but yes',
        '{b}个小区中有{a}个填“是”', '{a} of {b} communities say yes',
        '请抽查若干小区核实', 'Check a sample of the communities'
    ),
    (
        'same_date', 11, 'column', '大多数日期相同', 'The same date nearly everywhere',
        '填有日期的{b}行中，{a}行是同一天', '{a} of {b} dates are one and the same day',
        '请核对是否统一填写；确系同日办理的请注明', 'Check whether it was filled down; say so if all was done on that day'
    ),
    (
        'same_value', 12, 'column', '大多数数值相同', 'The same value nearly everywhere',
        '填有数值的{b}行中，{a}行相同', '{a} of {b} values are the same',
        '请核对是否逐个小区统计', 'Check whether it was counted community by community'
    ),
    (
        'perfect_satisfaction', 13, 'survey', '满意率处处为100%', 'Satisfaction of 100 % everywhere',
        '{b}个小区的调查中，{a}个的满意率为100%', '{a} of {b} surveys give 100 %',
        '请附调查机构的报告和样本表', 'Add the report of the institute and its sample'
    ),
    (
        'committees_on_paper', 14, 'ledger', '未备案或已届满的业委会较多', 'Many committees unfiled or past their term',
        '计为已成立的{b}个业委会（物管会）中，{a}个没有备案或任期已满', '{a} of {b} counted bodies are not filed or past their term',
        '请尽快备案、换届，并更新日期', 'File them or hold elections, and update the dates'
    ),
    (
        'managed_on_paper', 15, 'ledger', '合同已到期的专业化小区较多', 'Many contracts of managed communities have ended',
        '{b}个专业化物业小区中，{a}个的合同在截止日期前已经到期', 'the contracts of {a} of {b} professionally managed communities have ended',
        '请核对企业是否仍在服务；已续签的填写新合同日期', 'Check whether the company still serves; give the dates of renewed contracts'
    ),
    (
        'R36', 16, 'company', '同一企业在各地的代码不一', 'One company, several credit codes',
        '该企业在{b}个填报单位的报表中共有{a}个统一社会信用代码', '{a} credit codes in the ledgers of {b} districts',
        '请对照营业执照核对；分公司请写明分公司全称', 'Check against the business licence; name a branch in full'
    ),
    (
        'T6', 17, 'company', '在管项目数与各地小区明细不符', 'Projects of a company differ from the lists of communities',
        '填报在管项目{a}个，各地「小区明细」中由该企业管理的小区共{b}个', '{a} projects typed, {b} communities in all lists',
        '请核对在管项目数，以及各小区填写的企业名称', 'Check the number of projects, and the company named for each community'
    ),
    (
        'T7', 18, 'company', '在管面积与各地小区明细不符', 'Area of a company differs from the lists of communities',
        '填报在管面积{a}㎡，各地「小区明细」中由该企业管理的小区共{b}㎡', '{a} ㎡ typed, {b} ㎡ in all lists',
        '请核对在管面积及其单位，以及各小区的建筑面积', 'Check the area and its unit, and the floor area of each community'
    )
) as k (
    rule_id, sort_order, subject_type, title_zh, title_en, evidence_zh, evidence_en, question_zh, question_en
)
