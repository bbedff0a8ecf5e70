{{ config(materialized='view') }}
-- What the figures of whole districts and of the area can show, in words. {a} and {b} stand for what was observed and
-- what it is compared with. Findings are questions: each says what was seen, none says why.
select
    k.rule_id,
    k.subject_type,
    k.title_zh,
    k.title_en,
    k.evidence_zh,
    k.evidence_en
from (
    values
    (
        'R36', 'company', '同一企业在各旗县区代码不一', 'One company, several credit codes',
        '该企业在全市{b}个旗县区的报表中有{a}个统一社会信用代码', '{a} credit codes in the ledgers of {b} districts'
    ),
    (
        'T6', 'company', '在管项目数与全市小区明细不符', 'Projects of a company differ from the lists of communities',
        '填报在管项目{a}个，全市「小区明细」中由该企业管理的小区共{b}个', '{a} projects typed, {b} communities in all lists'
    ),
    (
        'T7', 'company', '在管面积与全市小区明细不符', 'Area of a company differs from the lists of communities',
        '填报在管面积{a}㎡，全市「小区明细」中由该企业管理的小区共{b}㎡', '{a} ㎡ typed, {b} ㎡ in all lists'
    ),
    (
        'exactly_on_threshold', 'milestone', '恰好达到目标值', 'Exactly on the threshold',
        '达标所需{b}个，报表中恰好{a}个，少一个即不达标', '{b} are needed and {a} are reported; one fewer would miss it'
    ),
    (
        'identical_rows', 'community', '若干小区数据完全相同', 'Communities with identical figures',
        '{a}个小区的户数、面积、楼栋数完全相同（报表共{b}个小区）', '{a} of {b} communities share households, area and buildings'
    ),
    (
        'unchanged_ledger', 'ledger', '台账与上期完全相同', 'Ledger unchanged since the last one',
        '与上期同有的{b}个小区中，{a}个的户数、面积、管理方式、企业、收缴率、公示日期都没有变化',
        '{a} of {b} communities of both ledgers are the same in every figure'
    ),
    (
        'all_yes', 'column', '整列全部为“是”', 'A column of nothing but yes',
        '{b}个小区中有{a}个填“是”', '{a} of {b} communities say yes'
    ),
    (
        'same_date', 'column', '大多数日期相同', 'The same date nearly everywhere',
        '填有日期的{b}行中，{a}行是同一天', '{a} of {b} dates are one and the same day'
    ),
    (
        'same_value', 'column', '大多数数值相同', 'The same value nearly everywhere',
        '填有数值的{b}行中，{a}行相同', '{a} of {b} values are the same'
    ),
    (
        'perfect_satisfaction', 'survey', '满意率处处为100%', 'Satisfaction of 100 % everywhere',
        '{b}个小区的调查中，{a}个的满意率为100%', '{a} of {b} surveys give 100 %'
    ),
    (
        'uncovered_vanished', 'ledger', '漏报的多为无物业小区', 'Uncovered communities vanished',
        '本期未再填报的{b}个小区中，{a}个上次填报时没有物业管理', '{a} of the {b} communities no longer reported had no management'
    ),
    (
        'households_shrank', 'ledger', '总户数明显减少', 'Households fell markedly',
        '本期填报的小区共{a}户，上期{b}户', '{a} households reported, {b} in the last ledger'
    ),
    (
        'rate_rose_by_merging', 'indicator', '合并小区使覆盖率上升', 'A rate rose because communities were merged',
        '分母变化使指标上升{a}个百分点，本期合并减少{b}个小区', 'the denominator alone raised it by {a} points; {b} communities merged away'
    ),
    (
        'committees_on_paper', 'ledger', '未备案或已届满的业委会较多', 'Committees formed on paper',
        '计为已成立的{b}个业委会（物管会）中，{a}个没有备案或任期已满', '{a} of {b} counted bodies are not filed or past their term'
    ),
    (
        'managed_on_paper', 'ledger', '合同已到期的专业化小区较多', 'Managed on paper',
        '{b}个专业化物业小区中，{a}个的合同在截止日期前已经到期', 'the contracts of {a} of {b} professionally managed communities have ended'
    )
) as k (rule_id, subject_type, title_zh, title_en, evidence_zh, evidence_en)
