"""The hosted customers of the demo region: who they are and what they need, as data.

The yearly use per floor area is of the order of the guide values of GB/T 51161-2016 (Standard for energy
consumption of building) for offices, hotels and shopping; the other trades are set by plausible plant size.
Profiles are the German BDEW standard load profiles g0..g6 and h0 (from demandlib), or one of `profiles.OWN`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """One sub-metered use: `amount` a year [MWh for electricity, m3 for water and gas], drawn along a
    profile.

    flat: share that runs day and night (0..1); category: the reporting category of the sub-meter
    """

    key: str
    category: str
    name: str
    name_zh: str
    amount: float
    profile: str
    flat: float = 0.1


@dataclass(frozen=True)
class Customer:
    """A hosted customer.

    heating_kw_k: heat per kelvin below 15 degC felt; hot_water_kw: mean hot-water heat
    cooling_kw_k: cooling per kelvin above 19 degC felt; cooling_kw: mean cooling of machines, all year
    own_cooling_kw_k: cooling by own split units, in the electricity; fans_kw: air handling when occupied
    presence: profile that scales heating, cooling and fans
    """

    key: str
    name: str
    name_zh: str
    park: str
    enterprise: str | None
    trade: str
    feeder: int
    spot: tuple[float, float]
    presence: str
    electricity: tuple[Use, ...]
    water: tuple[Use, ...]
    gas: tuple[Use, ...] = ()
    heating_kw_k: float = 0.0
    hot_water_kw: float = 0.0
    cooling_kw_k: float = 0.0
    cooling_kw: float = 0.0
    own_cooling_kw_k: float = 0.0
    fans_kw: float = 10.0


def _electricity(profile: str, lighting: float, power: float, special: tuple, *, more: tuple[Use, ...] = ()):
    """Return three uses besides air conditioning; `special` is (key, name, name_zh, MWh, profile, flat)."""
    key, name, name_zh, amount, shape, flat = special
    return (
        Use("lighting", "lighting", "Lighting and sockets", "照明插座", lighting, profile, 0.15),
        Use("power", "power", "Lifts and pumps", "电梯水泵", power, profile, 0.2),
        Use(key, "special", name, name_zh, amount, shape, flat),
        *more,
    )


def _water(profile: str, domestic: float, second: tuple):
    """Return domestic use and a second use (key, name, name_zh, m3 a year, profile)."""
    key, name, name_zh, amount, shape = second
    return (
        Use("domestic", "domestic", "Domestic water", "生活用水", domestic, profile, 0.02),
        Use(key, "process", name, name_zh, amount, shape, 0.02),
    )


CUSTOMERS = (
    Customer(
        key="office",
        name="Haitian Tower",
        name_zh="海天大厦",
        park="harbour",
        enterprise="property",
        trade="office tower",
        feeder=1,
        spot=(0.42, 0.72),
        presence="g1",
        electricity=_electricity(
            "g1",
            1900,
            450,
            ("servers", "Server rooms", "弱电机房", 350, "g3", 0.8),
        ),
        water=_water("g1", 42_000, ("canteen", "Staff canteen", "员工餐厅", 8_000, "meals")),
        heating_kw_k=62,
        cooling_kw_k=150,
        cooling_kw=60,
        fans_kw=130,
    ),
    Customer(
        key="hotel",
        name="Tidesong Hotel",
        name_zh="潮音酒店",
        park="harbour",
        enterprise="property",
        trade="hotel",
        feeder=1,
        spot=(0.55, 0.80),
        presence="hotel",
        electricity=_electricity(
            "hotel",
            800,
            420,
            ("kitchen", "Kitchen and laundry", "厨房洗衣", 700, "meals", 0.1),
        ),
        water=_water("hotel", 62_000, ("laundry", "Laundry", "洗衣房", 14_000, "g1")),
        gas=(Use("kitchen", "cooking", "Kitchen gas", "厨房燃气", 95_000, "meals", 0.02),),
        heating_kw_k=30,
        hot_water_kw=190,
        cooling_kw_k=82,
        cooling_kw=30,
        fans_kw=70,
    ),
    Customer(
        key="mall",
        name="Starport Plaza",
        name_zh="星港广场",
        park="harbour",
        enterprise="property",
        trade="shopping centre",
        feeder=2,
        spot=(0.33, 0.60),
        presence="shops",
        electricity=_electricity(
            "shops",
            3200,
            1100,
            ("restaurants", "Restaurants", "餐饮租户", 1500, "meals", 0.12),
        ),
        water=_water("shops", 55_000, ("restaurants", "Restaurants", "餐饮用水", 38_000, "meals")),
        gas=(Use("restaurants", "cooking", "Restaurant gas", "餐饮燃气", 240_000, "meals", 0.02),),
        heating_kw_k=58,
        cooling_kw_k=215,
        cooling_kw=180,
        fans_kw=240,
    ),
    Customer(
        key="datacentre",
        name="Yunlan Data Centre",
        name_zh="云澜数据中心",
        park="innovation",
        enterprise="technology",
        trade="data centre",
        feeder=3,
        spot=(0.72, 0.40),
        presence="steady",
        electricity=_electricity(
            "g3",
            110,
            900,
            ("servers", "Server halls", "服务器机房", 10_400, "steady", 0.9),
            more=(Use("ups", "power", "UPS losses", "不间断电源损耗", 620, "steady", 0.9),),
        ),
        water=_water("g1", 3_000, ("humidity", "Humidification", "加湿用水", 5_500, "steady")),
        cooling_kw=1150,
        fans_kw=90,
    ),
    Customer(
        key="factory",
        name="Jinglan Electronics",
        name_zh="精澜电子",
        park="innovation",
        enterprise="technology",
        trade="light industry",
        feeder=3,
        spot=(0.82, 0.55),
        presence="shifts",
        electricity=_electricity(
            "shifts",
            380,
            310,
            ("lines", "Assembly lines", "贴片产线", 4100, "shifts", 0.25),
            more=(Use("air", "power", "Compressed air", "压缩空气", 1700, "shifts", 0.35),),
        ),
        water=_water("shifts", 16_000, ("process", "Pure water", "纯水制备", 29_000, "shifts")),
        gas=(Use("ovens", "process", "Curing ovens", "固化炉燃气", 130_000, "shifts", 0.15),),
        heating_kw_k=21,
        cooling_kw_k=42,
        cooling_kw=210,
        fans_kw=120,
    ),
    Customer(
        key="coldstore",
        name="Ocean Cold Store",
        name_zh="远洋冷库",
        park="innovation",
        enterprise=None,
        trade="cold store",
        feeder=3,
        spot=(0.90, 0.68),
        presence="shifts",
        electricity=_electricity(
            "shifts",
            90,
            160,
            ("refrigeration", "Refrigeration", "制冷机组", 2900, "cold", 0.6),
        ),
        water=_water("shifts", 4_000, ("condensers", "Condenser water", "冷凝器补水", 21_000, "cold")),
        own_cooling_kw_k=3,
        fans_kw=12,
    ),
    Customer(
        key="hospital",
        name="Lanwan Hospital",
        name_zh="澜湾医院",
        park="living",
        enterprise=None,
        trade="hospital",
        feeder=4,
        spot=(0.25, 0.38),
        presence="hotel",
        electricity=_electricity(
            "g3",
            1500,
            800,
            ("imaging", "Medical imaging", "医疗影像", 1600, "g1", 0.3),
            more=(Use("wards", "lighting", "Ward block", "病房楼", 640, "hotel", 0.3),),
        ),
        water=_water("hotel", 98_000, ("steriliser", "Sterilisation", "消毒供应", 17_000, "g1")),
        gas=(Use("sterile", "process", "Steam for sterilisation", "消毒蒸汽燃气", 150_000, "g1", 0.2),),
        heating_kw_k=57,
        hot_water_kw=260,
        cooling_kw_k=128,
        cooling_kw=140,
        fans_kw=150,
    ),
    Customer(
        key="school",
        name="Lanwan Experimental School",
        name_zh="澜湾实验学校",
        park="living",
        enterprise=None,
        trade="school",
        feeder=4,
        spot=(0.45, 0.30),
        presence="school",
        electricity=_electricity(
            "school",
            420,
            130,
            ("canteen", "Canteen and labs", "食堂实验室", 210, "school", 0.1),
        ),
        water=_water("school", 24_000, ("grounds", "Sports grounds", "操场绿化", 9_000, "night")),
        gas=(Use("canteen", "cooking", "Canteen gas", "食堂燃气", 28_000, "school", 0.01),),
        heating_kw_k=24,
        cooling_kw_k=52,
        fans_kw=35,
    ),
    Customer(
        key="homes",
        name="Tinglan Court",
        name_zh="听澜苑",
        park="living",
        enterprise="residences",
        trade="residential block",
        feeder=4,
        spot=(0.14, 0.50),
        presence="h0",
        electricity=_electricity(
            "h0",
            2300,
            420,
            ("shared", "Shared facilities", "公共设施", 160, "night", 0.3),
        ),
        water=_water("h0", 128_000, ("garden", "Gardens", "园林绿化", 12_000, "night")),
        gas=(Use("cooking", "cooking", "Cooking gas", "居民燃气", 165_000, "meals", 0.03),),
        heating_kw_k=66,
        hot_water_kw=150,
        own_cooling_kw_k=95,
        fans_kw=5,
    ),
    Customer(
        key="charging",
        name="Lanwan Charging Hub",
        name_zh="澜湾充电站",
        park="harbour",
        enterprise=None,
        trade="EV charging hub",
        feeder=2,
        spot=(0.62, 0.58),
        presence="ev",
        electricity=(
            Use("lighting", "lighting", "Lighting and sockets", "照明插座", 60, "night", 0.3),
            Use("fast", "special", "Fast chargers", "快充桩", 2100, "ev", 0.02),
            Use("slow", "special", "Slow chargers", "慢充桩", 520, "h0", 0.05),
        ),
        water=_water("ev", 900, ("carwash", "Car wash", "洗车", 2_600, "shops")),
        own_cooling_kw_k=2,
        fans_kw=3,
    ),
)
