"""What stands behind the region's devices: spare parts in a warehouse and two vans, documents, customers' files.

Everything goes through the services people use; ids of operations are new with each load.
"""

import io
from datetime import date
from decimal import Decimal

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.assets.ports import FileStore
from backend.assets.service import About, DocumentKind, Move, MovementReason, NewDocument, StoreKind
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.kernel import ids

PARTS = (  # number, names, unit, minimum, lying in the warehouse, in each van
    ("E-FUSE-16", "Fuse 16 A", "熔断器 16A", "pcs", 20, 60, 8),
    ("E-CT-200", "Current transformer 200/5", "电流互感器 200/5", "pcs", 4, 9, 0),
    ("E-MTR-3P", "Three-phase meter, spare", "三相电能表（备用）", "pcs", 4, 6, 1),
    ("H-PT500", "Pair of PT500 sensors", "PT500 配对温度传感器", "pair", 6, 3, 1),
    ("H-FLT-50", "Strainer DN50", "过滤器 DN50", "pcs", 4, 12, 2),
    ("H-GSK-50", "Gasket DN50", "垫片 DN50", "pcs", 30, 80, 10),
    ("G-REG-DN25", "Gas regulator DN25", "燃气调压器 DN25", "pcs", 2, 2, 0),
    ("W-VLV-20", "Ball valve DN20", "球阀 DN20", "pcs", 10, 25, 4),
    ("N-BAT-ER18505", "Lithium cell ER18505", "锂电池 ER18505", "pcs", 30, 44, 6),
    ("N-SIM", "IoT SIM card", "物联网卡", "pcs", 10, 22, 2),
)


def stock(session: Session, ground: Ground, files: FileStore) -> None:
    """Fill warehouse and vans, and keep documents and customers' files, in the caller's transaction."""
    scope, region = ground.scope, ground.organisations[REGION]
    stores = [
        assets.create_store(
            session, scope, organisation_id=region, kind=kind, name=name, name_zh=name_zh,
            person_id=ground.people[driver] if driver else None,
        ).id
        for kind, name, name_zh, driver in (
            (StoreKind.WAREHOUSE, "Warehouse at the energy centre", "能源站仓库", None),
            (StoreKind.VAN, "Van 1", "工程车 1", "technician"), (StoreKind.VAN, "Van 2", "工程车 2", "mechanic"),
        )
    ]  # fmt: skip
    parts = [
        assets.add_part(
            session, scope, organisation_id=region, number=number, name=name, name_zh=name_zh, unit=unit,
            minimum=Decimal(minimum),
        ).id
        for number, name, name_zh, unit, minimum, *_lying in PARTS
    ]  # fmt: skip
    moves = [
        Move(store, part, Decimal(count), MovementReason.RECEIVED)
        for part, (*_said, main, van) in zip(parts, PARTS, strict=True)
        for store, count in zip(stores, (main, van, van), strict=True)
        if count
    ]
    assets.move_stock(session, scope, op_id=ids.new_id(), moves=moves, note="opening stock")
    _documents(session, ground, files)
    _customers(session, ground)


def _documents(session: Session, ground: Ground, files: FileStore) -> None:
    """A photo and a drawing everyone may see, a certificate of a meter, a contract in a customer's file."""
    boiler, hotel = (About(position_id=ground.positions[key]) for key in ("boiler", "hotel"))
    meter, customer = (
        About(device_id=ground.devices["hotel.heat"]),
        About(customer_id=ground.organisations["hotel"]),
    )
    checked = "Calibrated 2023-12-01, class 2, passed. 2023-12-01 检定合格，2 级。"
    agreed = "Supply of electricity, heat, cooling, gas and water. 电、热、冷、气、水供应合同。"
    kinds = DocumentKind
    for about, new in (
        (boiler, NewDocument("Boiler room", kinds.PHOTO, "boiler.png", _picture("Boiler room"), True)),
        (
            hotel,
            NewDocument("Metering scheme", kinds.DRAWING, "scheme.png", _picture("Metering scheme"), True),
        ),
        (
            meter,
            NewDocument(
                "Calibration certificate", kinds.CERTIFICATE, "certificate.txt", checked.encode(), True
            ),
        ),
        (customer, NewDocument("Supply contract", kinds.CONTRACT, "contract.txt", agreed.encode())),
    ):
        assets.add_document(session, ground.scope, files, about=about, new=new)


def _customers(session: Session, ground: Ground) -> None:
    hotel = ground.organisations["hotel"]
    assets.add_contact(
        session, ground.scope, customer_id=hotel, name="Xu Jing 徐静", function="Chief engineer 总工程师",
        phone="+86 574 5550 0188", email="customer@lanwan.example",
    )  # fmt: skip
    assets.add_note(
        session,
        ground.scope,
        customer_id=hotel,
        text="Deliveries block the yard until 10:00. 10 点前卸货，院内无法停车。",
    )
    assets.add_contract(
        session, ground.scope, customer_id=hotel, number="LW-2024-003", title="Supply of five carriers 五种能源供应",
        starts_on=date(2024, 1, 1),
    )  # fmt: skip


def _picture(words: str) -> bytes:
    image = Image.new("RGB", (960, 640), "#dfe7ea")
    pen = ImageDraw.Draw(image)
    for step in range(4):
        pen.rectangle((80 + 220 * step, 240, 220 + 220 * step, 420), outline="#31505e", width=6)
        pen.line((220 + 220 * step, 330, 300 + 220 * step, 330), fill="#31505e", width=6)
    pen.text((80, 80), words, fill="#31505e", font_size=48)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
